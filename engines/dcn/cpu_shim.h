// Lets a C++ compiler take deform_im2col.cu, so that its arithmetic is tested without a GPU:
//
//   g++ -std=c++17 -shared -fPIC -include cpu_shim.h -x c++ deform_im2col.cu -o deform_im2col.so
//
// Blocks and threads become loops (run_grid), float16 is converted by hand, rounding to nearest
// even as cvt.rn.f16.f32 does.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__ __attribute__((visibility("default")))
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads, blocks)

using std::min;

struct Place {
  unsigned x, y, z;
};

static thread_local Place gridDim, blockDim, blockIdx, threadIdx;

static inline float float_of_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t bits_of_float(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float float_of_half(unsigned short bits) {
  const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
  const uint32_t exponent = bits >> 10 & 31u, fraction = bits & 1023u;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24
    const float value = (float)fraction * (1.0f / 16777216.0f);
    return sign ? -value : value;
  }
  if (exponent == 31) return float_of_bits(sign | 0x7f800000u | fraction << 13);
  return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline unsigned short half_of_float(float value) {
  const uint32_t bits = bits_of_float(value);
  const uint32_t sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) return 0x7fff;                   // not a number, as the GPU writes it
  if (size >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u);  // rounds beyond 65504
  if (size < 0x38800000u) {                                // below 2^-14: counts of 2^-24
    const float counts = float_of_bits(size) * 16777216.0f;
    return (unsigned short)(sign | (uint32_t)std::nearbyint(counts));
  }
  const uint32_t rounded = size + 0xfffu + (size >> 13 & 1u);  // half to even
  return (unsigned short)(sign | ((rounded >> 13) - (112u << 10)));
}

typedef void (*Kernel)(const void*, const void*, const void*, void*, int, int, int, int, int, int);

// What a launch does, one thread after the other. `sizes`: batch, channels, height, width, groups,
// kernel; `grid`: blocks in x, y and z.
extern "C" __global__ void run_grid(Kernel kernel, const void* x, const void* offset,
                                    const void* mask, void* columns, const int* sizes,
                                    const int* grid, int threads) {
  gridDim = {(unsigned)grid[0], (unsigned)grid[1], (unsigned)grid[2]};
  blockDim = {(unsigned)threads, 1, 1};
  for (blockIdx.z = 0; blockIdx.z < gridDim.z; ++blockIdx.z)
    for (blockIdx.y = 0; blockIdx.y < gridDim.y; ++blockIdx.y)
      for (blockIdx.x = 0; blockIdx.x < gridDim.x; ++blockIdx.x)
        for (threadIdx.x = 0; threadIdx.x < blockDim.x; ++threadIdx.x)
          kernel(x, offset, mask, columns, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4],
                 sizes[5]);
}

// For the test of the two conversions.
extern "C" __global__ float widen_half(unsigned short bits) { return float_of_half(bits); }
extern "C" __global__ unsigned short narrow_float(float value) { return half_of_float(value); }
