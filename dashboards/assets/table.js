// A click on a heading sorts the rows of its table: first down, then up. Numbers by value, texts by language.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button.sort");
  if (!button) return;
  const head = button.closest("th");
  const place = [...head.parentNode.children].indexOf(head);
  const isDown = head.getAttribute("aria-sort") !== "descending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
  const body = head.closest("table").tBodies[0];
  const isNumber = head.classList.contains("number");
  const key = (row) => row.children[place].dataset.value;
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === "" || y === "") return (x === "") - (y === "");
    const order = isNumber ? Number(x) - Number(y) : x.localeCompare(y);
    return isDown ? -order : order;
  });
  body.append(...rows);
});
