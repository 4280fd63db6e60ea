"""The Spark session, and the check of its Java."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stack.errors import JavaError
from stack.settings import Settings, export, variable, without_secrets

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17
#: time for Java to remove its temporary files; then it is killed.
END_SECONDS = 20


def session(settings: Settings, time_zone: str, shuffle_partitions: int | None = None) -> "SparkSession":
    """The only Spark session of the process; days begin in `time_zone`.

    Raises:
        JavaError: there is no Java, or it is too old.
    """
    from pyspark.sql import SparkSession

    is_local = settings.spark_master.startswith("local")
    check_java(settings.java_home)
    # Without these variables, workers may run another Python without pandas, and Spark does not start on a machine
    # whose name does not resolve.
    export({"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable})
    if variable("SPARK_CONF_DIR") is None:
        export({"SPARK_CONF_DIR": str(Path(__file__).parent / "spark-conf")})
    if is_local:
        export({"SPARK_LOCAL_IP": "127.0.0.1"})
    builder = (
        SparkSession.builder.appName("prichal")
        .master(settings.spark_master)
        .config("spark.driver.memory", settings.driver_memory)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", time_zone)
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        # Other readers of the lake read the older format as timestamps without a zone.
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        # The name of a partition stays text: 2026-03 is no date.
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        # Joined tables with few columns are broadcast up to this size.
        .config("spark.sql.autoBroadcastJoinThreshold", "64m")
        # Plans of many columns compile to long methods, which Java otherwise does not compile.
        .config("spark.driver.extraJavaOptions", f"-XX:-DontCompileHugeMethods {_java_temporary_folder()}")
        # Otherwise every column expression looks up its line of Python code.
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")
        # The fast hash map of groups gets a million entries instead of 65,536; other groups use a slower map.
        .config("spark.sql.codegen.aggregate.fastHashMap.capacityBit", "20")
        .config("spark.sql.warehouse.dir", str(settings.state / "spark-warehouse"))
    )
    if is_local:
        builder = builder.config("spark.sql.shuffle.partitions", str(shuffle_partitions or 4))
        # Hadoop ignores the umask of the process.
        builder = builder.config("spark.hadoop.fs.permissions.umask-mode", "077")
        # On a cluster, the workers choose their own folders.
        builder = builder.config("spark.local.dir", tempfile.gettempdir())
    with without_secrets():  # workers run the code of a model
        return builder.getOrCreate()


def end(started: "SparkSession") -> None:
    """Stop the session and its Java, and wait until Java has removed its temporary files.

    The next session of this process starts another Java.
    """
    context = type(started.sparkContext)
    gateway = started.sparkContext._gateway
    started.stop()
    context._gateway = context._jvm = None
    if gateway is None or gateway.proc is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()  # Java ends when its input closes
    try:
        gateway.proc.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()


def _java_temporary_folder() -> str:
    """The option that makes Java use Python's temporary folder, which is removed with the process."""
    return f'"-Djava.io.tmpdir={tempfile.gettempdir()}"'


def check_java(java_home: Path | None) -> int:
    """Major version of the Java that Spark would start.

    Raises:
        JavaError: there is none, or it is older than 17.
    """
    java = str(java_home / "bin" / "java") if java_home else "java"
    where = f"JAVA_HOME={java_home}" if java_home else "PATH"
    advice = f"install a JDK {OLDEST_JAVA} or newer, or set JAVA_HOME to one"
    if shutil.which(java) is None:
        raise JavaError(f"Spark needs Java {OLDEST_JAVA} or newer and {where} has none: {advice}.")
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
        version = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    except OSError:
        version = None
    if version is None:
        raise JavaError(f"Spark needs Java {OLDEST_JAVA} or newer and {where} has one that does not run: {advice}.")
    if int(version.group(1)) < OLDEST_JAVA:
        raise JavaError(f"Spark needs Java {OLDEST_JAVA} or newer and {where} has Java {version.group(1)}: {advice}.")
    return int(version.group(1))
