// pechead::DeformIm2Col, version 1: what every tap of a deformable convolution looks at.
//
//   x        (B, C, H, W)
//   offset   (B, G * K * 2, H, W)  pixels, (dy, dx) for each tap, row by row, group by group
//   mask     (B, G * K, H, W)
//   columns  (B, C * K, H, W)      K = k * k taps, k odd
//
//   columns[b, c * K + t, y, x] = mask[b, g * K + t, y, x] * sample(x[b, c], y', x')
//   y' = y + t / k - k / 2 + dy,  x' = x + t % k - k / 2 + dx,  g = c / (C / G)
//
// sample() is bilinear; a corner outside the picture counts as 0, and so does a whole sample that
// is not within (-1, H) x (-1, W), as ONNX DeformConv and torchvision define it. An offset that is
// not a number leads nowhere, so its sample is 0. Stride 1, padding k / 2, dilation 1.
//
// A thread owns LANES neighbouring places of a row, one tap and up to CHANNELS channels of a group:
// it reads their offsets and masks and finds the corners once, and writes LANES columns at a time,
// neighbours beside neighbours. Any grid covers everything (strides in x, y and z). No header is
// included, so that NVRTC needs none; cpu_shim.h lets a C++ compiler take the same lines.

typedef long long Index;

constexpr int THREADS = 128;
constexpr int CHANNELS = 8;
// Blocks that a multiprocessor must hold: 80 registers a thread, with which nothing is spilled.
constexpr int BLOCKS = 6;

// float16 as it is stored; all arithmetic is float32.
struct Half {
  unsigned short bits;
};

#ifdef __CUDACC__
__device__ __forceinline__ float float_of_half(unsigned short bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

__device__ __forceinline__ unsigned short half_of_float(float value) {
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
#endif

__device__ __forceinline__ float widened(float value) { return value; }
__device__ __forceinline__ float widened(Half value) { return float_of_half(value.bits); }
__device__ __forceinline__ void narrow(float value, float& stored) { stored = value; }
__device__ __forceinline__ void narrow(float value, Half& stored) {
  stored.bits = half_of_float(value);
}

// Neighbours of a row, moved by one instruction.
template <typename Value, int LANES>
struct alignas(sizeof(Value) * LANES) Row {
  Value lane[LANES];
};

// The four corners of one sample: where they lie in a plane (-1: they count 0) and their weights.
struct Corners {
  int at[4];
  float weight[4];
};

__device__ __forceinline__ Corners corners_of(float y, float x, float share, int height,
                                              int width) {
  // False for what is not a number, so that no index is ever made of one.
  const bool seen = y > -1.0f && x > -1.0f && y < (float)height && x < (float)width;
  const int top = seen ? (int)floorf(y) : -2;
  const int left = seen ? (int)floorf(x) : -2;
  const float down = seen ? y - (float)top : 0.0f;
  const float right = seen ? x - (float)left : 0.0f;
  const bool upper = top >= 0, lower = top >= -1 && top + 1 < height;
  const bool near = left >= 0, far = left >= -1 && left + 1 < width;
  const int first = top * width + left;
  Corners corners;
  corners.at[0] = upper && near ? first : -1;
  corners.at[1] = upper && far ? first + 1 : -1;
  corners.at[2] = lower && near ? first + width : -1;
  corners.at[3] = lower && far ? first + width + 1 : -1;
  corners.weight[0] = share * ((1.0f - down) * (1.0f - right));
  corners.weight[1] = share * ((1.0f - down) * right);
  corners.weight[2] = share * (down * (1.0f - right));
  corners.weight[3] = share * (down * right);
  return corners;
}

template <typename Value>
__device__ __forceinline__ float sampled(const Value* __restrict__ plane, const Corners& corners) {
  float total = 0.0f;
#pragma unroll
  for (int corner = 0; corner < 4; ++corner) {
    const int at = corners.at[corner];
    const float value = at >= 0 ? widened(plane[at]) : 0.0f;
    total += corners.weight[corner] * value;
  }
  return total;
}

template <typename Value, typename Offset, int LANES>
__device__ __forceinline__ void deform_im2col(
    const Value* __restrict__ x, const Offset* __restrict__ offset, const Value* __restrict__ mask,
    Value* __restrict__ columns, int batch, int channels, int height, int width, int groups,
    int kernel) {
  const int taps = kernel * kernel;
  const int share = channels / groups;
  const int chunks = (share + CHANNELS - 1) / CHANNELS;
  const int rows = groups * chunks * taps;
  const Index plane = (Index)height * width;
  const Index start = ((Index)blockIdx.x * blockDim.x + threadIdx.x) * LANES;
  const Index stride = (Index)gridDim.x * blockDim.x * LANES;

  for (int b = blockIdx.z; b < batch; b += gridDim.z) {
    for (int row = blockIdx.y; row < rows; row += gridDim.y) {
      // Taps of the same channels follow each other: they read the same planes.
      const int tap = row % taps;
      const int chunk = row / taps % chunks;
      const int group = row / taps / chunks;
      const int channel = group * share + chunk * CHANNELS;
      const int count = min(CHANNELS, share - chunk * CHANNELS);
      const Index sight = ((Index)b * groups + group) * taps + tap;
      const Value* image = x + ((Index)b * channels + channel) * plane;
      const Value* shares = mask + sight * plane;
      const Offset* down = offset + 2 * sight * plane;
      const Offset* right = down + plane;
      Value* out = columns + (((Index)b * channels + channel) * taps + tap) * plane;

      for (Index place = start; place < plane; place += stride) {
        typedef Row<Value, LANES> Values;
        typedef Row<Offset, LANES> Offsets;
        const Offsets dy = *(const Offsets*)(down + place);
        const Offsets dx = *(const Offsets*)(right + place);
        const Values shown = *(const Values*)(shares + place);
        // LANES divides the width, so all of them lie in one row.
        const int y = (int)place / width - kernel / 2 + tap / kernel;
        const int left = (int)place % width - kernel / 2 + tap % kernel;
        Corners corners[LANES];
#pragma unroll
        for (int lane = 0; lane < LANES; ++lane) {
          corners[lane] = corners_of((float)y + widened(dy.lane[lane]),
                                     (float)(left + lane) + widened(dx.lane[lane]),
                                     widened(shown.lane[lane]), height, width);
        }
#pragma unroll 2
        for (int c = 0; c < count; ++c) {
          Values values;
#pragma unroll
          for (int lane = 0; lane < LANES; ++lane) {
            narrow(sampled(image + c * plane, corners[lane]), values.lane[lane]);
          }
          *(Values*)(out + (Index)c * taps * plane + place) = values;
        }
      }
    }
  }
}

// The host checks: H * W below 2^30; for "pairs", W even and every pointer at a whole pair.
#define ENTRY(name, Value, Offset, LANES)                                                        \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)                                  \
      name(const Value* __restrict__ x, const Offset* __restrict__ offset,                       \
           const Value* __restrict__ mask, Value* __restrict__ columns, int batch, int channels, \
           int height, int width, int groups, int kernel) {                                      \
    deform_im2col<Value, Offset, LANES>(x, offset, mask, columns, batch, channels, height,       \
                                        width, groups, kernel);                                  \
  }

ENTRY(deform_im2col_f32, float, float, 1)
ENTRY(deform_im2col_f32_pairs, float, float, 2)
ENTRY(deform_im2col_f16, Half, Half, 1)
ENTRY(deform_im2col_f16_pairs, Half, Half, 2)
ENTRY(deform_im2col_f16_offset_f32, Half, float, 1)
ENTRY(deform_im2col_f16_offset_f32_pairs, Half, float, 2)
