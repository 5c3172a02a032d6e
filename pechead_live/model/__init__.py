"""PECHead in torch, part by part under the paper's own names (CVPR 2023), and the small `lite`."""
