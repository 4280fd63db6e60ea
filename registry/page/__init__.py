"""The review of a promotion: what is read before it is approved, and defended by later."""

from registry.page.markdown import with_outcome
from registry.page.publish import Review, address_of, publish, review, tell_outcome

__all__ = ["Review", "address_of", "publish", "review", "tell_outcome", "with_outcome"]
