"""`pechead::DeformIm2Col`: the sampling half of a deformable convolution, for TensorRT.

The other half is a 1x1 convolution, which TensorRT multiplies with its own kernels.
"""
