"""The pages that customers open by their link: what they show, and what is taken from them."""
