"""The review page of a promotion, which a reviewer reads before an approval."""

from registry.review_page.markdown import with_outcome
from registry.review_page.publish import (
    Review,
    add_outcome,
    address_of,
    publish,
    review,
)

__all__ = ["Review", "add_outcome", "address_of", "publish", "review", "with_outcome"]
