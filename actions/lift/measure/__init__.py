"""The estimate of lift, by campaign, action and segment, and its verdict."""
