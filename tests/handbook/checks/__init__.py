"""What keeps the handbook true: every page, fence, link and claim is read and tried."""
