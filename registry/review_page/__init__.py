"""The review of a promotion: what is read before it is approved, and defended by later."""

from registry.review_page.markdown import with_outcome
from registry.review_page.publish import (
    Review,
    address_of,
    publish,
    review,
    tell_outcome,
)

__all__ = ["Review", "address_of", "publish", "review", "tell_outcome", "with_outcome"]
