"""The FOMM-style baseline: learned keypoints with Jacobians, one scale."""
