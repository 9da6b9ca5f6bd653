/* Causal attention on a processor, forward and backward, in float32: with torch's kernels it was half of a training step of a small model.
 *
 * Works on blocks of 32 queries. A block's scores with all keys that it sees stay in the second-level cache, so the softmax is the plain one (no
 * running maximum). Tensors are (batch, heads, time, columns) with any strides (in numbers) but 1 for columns, which are 32 or 64; time is a
 * multiple of 32. `window`: how many keys a query sees, itself among them. Plain C with the compiler's vectors.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 32
typedef float vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef int words __attribute__((vector_size(64), aligned(4), may_alias));
#define LANES 16
#define INLINE static inline __attribute__((always_inline))


#define ROWS 8
#define WIDE 2

/* c[8 x 32] (+)= a[8 x depth] b[depth x 32]; a's element (r, k) is a[r * row + k * step]. Sizes are literals, so that the sums stay in registers. */
INLINE void tile(long depth, const float *a, long row, long step, const float *b, long ldb, float *c, long ldc, const int add) {
    vector sum[ROWS][WIDE];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 2
        for (int n = 0; n < WIDE; n++) sum[r][n] = add ? *(const vector *)(c + r * ldc + n * LANES) : (vector){0};
    for (long k = 0; k < depth; k++) {
        const vector first = *(const vector *)(b + k * ldb), second = *(const vector *)(b + k * ldb + LANES);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
            const float left = a[r * row + k * step];
            sum[r][0] += left * first;
            sum[r][1] += left * second;
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 2
        for (int n = 0; n < WIDE; n++) *(vector *)(c + r * ldc + n * LANES) = sum[r][n];
}

/* The same for `rows`, a multiple of 8, and `width` columns, 32 or 64. */
INLINE void multiply(long rows, const int width, long depth, const float *a, long row, long step, const float *b, long ldb, float *c,
                     long ldc, const int add) {
    for (long r = 0; r < rows; r += ROWS)
        for (int n = 0; n < width; n += WIDE * LANES) tile(depth, a + r * row, row, step, b + n, ldb, c + r * ldc + n, ldc, add);
}

/* e to the x for x <= 0, none for less than -80 (Cody-Waite reduction, polynomial of Cephes' expf: 1e-7 relative). */
INLINE vector exponential(vector x) {
    const vector least = (vector){0} - 80.0f, magic = (vector){0} + 12582912.0f; /* 1.5 * 2^23: its last bits are the integer part */
    const words in = x > least; /* what is below would end as denormal numbers, which are slow */
    x = (vector)((words)x & in);
    vector shifted = x * 1.44269504f + magic, whole = shifted - magic;
    vector rest = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    vector y = (vector){0} + 1.9875691500e-4f;
    y = y * rest + 1.3981999507e-3f;
    y = y * rest + 8.3334519073e-3f;
    y = y * rest + 4.1665795894e-2f;
    y = y * rest + 1.6666665459e-1f;
    y = y * rest + 5.0000001201e-1f;
    y = y * rest * rest + rest + 1.0f;
    return (vector)(((words)y + ((words)shifted << 23)) & in);
}

INLINE float total(vector x) {
    float sum = 0;
    for (int n = 0; n < LANES; n++) sum += x[n];
    return sum;
}

INLINE float largest(vector x) {
    float most = x[0];
    for (int n = 1; n < LANES; n++) most = x[n] > most ? x[n] : most;
    return most;
}

static void gather(float *to, const float *from, long stride, long time, long columns) {
    for (long t = 0; t < time; t++) memcpy(to + t * columns, from + t * stride, columns * sizeof(float));
}

/* (time, columns) to blocks of (columns, 32). */
static void transpose(float *to, const float *from, long time, long columns) {
    for (long block = 0; block < time; block += BLOCK)
        for (long c = 0; c < columns; c++)
            for (long t = 0; t < BLOCK; t++) to[block * columns + c * BLOCK + t] = from[(block + t) * columns + c];
}

/* left (32 x columns) times blocks first..last of `right` (see transpose): (32, ld), column 0 is the first block's first. */
INLINE void against(const int columns, const float *left, const float *right, long first, long last, float *to, long ld) {
    for (long block = first; block <= last; block++)
        multiply(BLOCK, BLOCK, columns, left, columns, 1, right + block * BLOCK * columns, BLOCK, to + (block - first) * BLOCK, ld, 0);
}

/* What a query may not see becomes very small. */
static void hide(float *scores, long ld, long block, long first, long width, long window) {
    for (long r = 0; r < BLOCK; r++) {
        long query = block * BLOCK + r, begin = query - window + 1 - first * BLOCK, end = query + 1 - first * BLOCK;
        for (long k = 0; k < begin; k++) scores[r * ld + k] = -1e30f;
        for (long k = end; k < width; k++) scores[r * ld + k] = -1e30f;
    }
}

static long first_block(long block, long window) {
    long key = block * BLOCK - window + 1;
    return key > 0 ? key / BLOCK : 0;
}

INLINE void forward_head(const int columns, long time, long window, float scale, const float *q, long qs, const float *k, long ks,
                         const float *v, long vs, float *out, long os, float *logs) {
    float *keys = aligned_alloc(64, 5 * time * columns * sizeof(float)), *turned = keys + time * columns, *values = turned + time * columns;
    float *queries = values + time * columns, *mixed = queries + time * columns;
    float *scores = aligned_alloc(64, BLOCK * time * sizeof(float));
    gather(keys, k, ks, time, columns);
    gather(values, v, vs, time, columns);
    gather(queries, q, qs, time, columns);
    transpose(turned, keys, time, columns);
    for (long block = 0; block < time / BLOCK; block++) {
        long first = first_block(block, window), width = (block - first + 1) * BLOCK;
        against(columns, queries + block * BLOCK * columns, turned, first, block, scores, width);
        hide(scores, width, block, first, width, window);
        for (long r = 0; r < BLOCK; r++) {
            float *row = scores + r * width;
            vector most = *(vector *)row, sum = {0};
            for (long n = LANES; n < width; n += LANES) {
                vector x = *(vector *)(row + n);
                words more = x > most;
                most = (vector)(((words)x & more) | ((words)most & ~more));
            }
            float top = largest(most) * scale;
            for (long n = 0; n < width; n += LANES) {
                vector x = exponential(*(vector *)(row + n) * scale - top);
                *(vector *)(row + n) = x;
                sum += x;
            }
            float all = total(sum), part = 1.0f / all;
            for (long n = 0; n < width; n += LANES) *(vector *)(row + n) *= part;
            logs[block * BLOCK + r] = top + logf(all);
        }
        multiply(BLOCK, columns, width, scores, width, 1, values + first * BLOCK * columns, columns, mixed + block * BLOCK * columns, columns, 0);
    }
    for (long t = 0; t < time; t++) memcpy(out + t * os, mixed + t * columns, columns * sizeof(float));
    free(keys);
    free(scores);
}

INLINE void backward_head(const int columns, long time, long window, float scale, const float *q, long qs, const float *k, long ks,
                          const float *v, long vs, const float *out, long os, const float *logs, const float *given, long gs, float *dq,
                          float *dk, float *dv, long ds) {
    long size = time * columns;
    float *keys = aligned_alloc(64, 9 * size * sizeof(float)), *turned_keys = keys + size, *values = keys + 2 * size, *turned_values = keys + 3 * size;
    float *queries = keys + 4 * size, *grads = keys + 5 * size, *to_q = keys + 6 * size, *to_k = keys + 7 * size, *to_v = keys + 8 * size;
    float *shares = aligned_alloc(64, 2 * BLOCK * time * sizeof(float)), *changes = shares + BLOCK * time;
    gather(keys, k, ks, time, columns);
    gather(values, v, vs, time, columns);
    gather(queries, q, qs, time, columns);
    gather(grads, given, gs, time, columns);
    transpose(turned_keys, keys, time, columns);
    transpose(turned_values, values, time, columns);
    memset(to_k, 0, 2 * size * sizeof(float));
    for (long block = 0; block < time / BLOCK; block++) {
        long first = first_block(block, window), width = (block - first + 1) * BLOCK, at = block * BLOCK * columns;
        against(columns, queries + at, turned_keys, first, block, shares, width);
        hide(shares, width, block, first, width, window);
        against(columns, grads + at, turned_values, first, block, changes, width);
        for (long r = 0; r < BLOCK; r++) {
            long t = block * BLOCK + r;
            float dot = 0, log = logs[t];
            for (long c = 0; c < columns; c++) dot += out[t * os + c] * grads[t * columns + c];
            for (long n = 0; n < width; n += LANES) {
                vector share = exponential(*(vector *)(shares + r * width + n) * scale - log);
                *(vector *)(shares + r * width + n) = share;
                vector *change = (vector *)(changes + r * width + n);
                *change = share * (*change - dot) * scale;
            }
        }
        multiply(BLOCK, columns, width, changes, width, 1, keys + first * BLOCK * columns, columns, to_q + at, columns, 0);
        multiply(width, columns, BLOCK, changes, 1, width, queries + at, columns, to_k + first * BLOCK * columns, columns, 1);
        multiply(width, columns, BLOCK, shares, 1, width, grads + at, columns, to_v + first * BLOCK * columns, columns, 1);
    }
    for (long t = 0; t < time; t++) {
        memcpy(dq + t * ds, to_q + t * columns, columns * sizeof(float));
        memcpy(dk + t * ds, to_k + t * columns, columns * sizeof(float));
        memcpy(dv + t * ds, to_v + t * columns, columns * sizeof(float));
    }
    free(keys);
    free(shares);
}

#define AT(base, s) ((base) + b * (s)[0] + h * (s)[1])

void attention_forward(long batch, long heads, long time, long columns, long window, float scale, const float *q, const long *qs,
                       const float *k, const long *ks, const float *v, const long *vs, float *out, const long *os, float *logs) {
#pragma omp parallel for schedule(dynamic)
    for (long job = 0; job < batch * heads; job++) {
        long b = job / heads, h = job % heads;
        if (columns == 32)
            forward_head(32, time, window, scale, AT(q, qs), qs[2], AT(k, ks), ks[2], AT(v, vs), vs[2], AT(out, os), os[2], logs + job * time);
        else
            forward_head(64, time, window, scale, AT(q, qs), qs[2], AT(k, ks), ks[2], AT(v, vs), vs[2], AT(out, os), os[2], logs + job * time);
    }
}

void attention_backward(long batch, long heads, long time, long columns, long window, float scale, const float *q, const long *qs,
                        const float *k, const long *ks, const float *v, const long *vs, const float *out, const long *os, const float *logs,
                        const float *given, const long *gs, float *dq, float *dk, float *dv, const long *ds) {
#pragma omp parallel for schedule(dynamic)
    for (long job = 0; job < batch * heads; job++) {
        long b = job / heads, h = job % heads;
        if (columns == 32)
            backward_head(32, time, window, scale, AT(q, qs), qs[2], AT(k, ks), ks[2], AT(v, vs), vs[2], AT(out, os), os[2], logs + job * time,
                          AT(given, gs), gs[2], AT(dq, ds), AT(dk, ds), AT(dv, ds), ds[2]);
        else
            backward_head(64, time, window, scale, AT(q, qs), qs[2], AT(k, ks), ks[2], AT(v, vs), vs[2], AT(out, os), os[2], logs + job * time,
                          AT(given, gs), gs[2], AT(dq, ds), AT(dk, ds), AT(dv, ds), ds[2]);
    }
}
