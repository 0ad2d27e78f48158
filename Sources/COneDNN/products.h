#pragma once

#include <dnnl.h>
#include <dnnl_debug.h>

// One product of oneDNN: created once for a shape, then run on any memory of that shape.

/// C (m, n) = A (m, k) · B (k, n), or C += A · B; A and B are bfloat16, C is bfloat16 or float.
struct COneDNN_Shape {
  int64_t m, n, k;
  /// Elements from one stored row to the next. Transposed operands are stored as (k, m) and (n, k).
  int64_t a_stride, b_stride, c_stride;
  int a_transposed, b_transposed, c_is_float, accumulates;
};

/// A product made for a shape. Zeroed, it holds nothing.
struct COneDNN_Product {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t a, b, c, scratch;
  /// Bytes of memory a run needs for itself, 64-byte aligned.
  size_t scratch_bytes;
};

/// Names the call in `*failed` and leaves the function's `end` to clean up, unless the call succeeds.
#define COneDNN_TRY(function, ...)                     \
  if ((status = function(__VA_ARGS__)) != dnnl_success) { \
    *failed = #function;                               \
    goto end;                                          \
  }

/// What OpenMP, which oneDNN is built with here, calls this. Swift's own compiler brings no omp.h.
extern void omp_set_num_threads(int count);

/// The processor, as what oneDNN computes on.
static inline dnnl_status_t COneDNN_processor(dnnl_engine_t *engine) {
  return dnnl_engine_create(engine, dnnl_cpu, 0);
}

/// Whether oneDNN multiplies bfloat16 with instructions for it. With AVX-512 alone it emulates them, at a quarter of the
/// speed of single precision.
static inline int COneDNN_has_bf16(void) {
  return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

static inline void COneDNN_destroy(struct COneDNN_Product *product) {
  if (product->scratch) dnnl_memory_destroy(product->scratch);
  if (product->c) dnnl_memory_destroy(product->c);
  if (product->b) dnnl_memory_destroy(product->b);
  if (product->a) dnnl_memory_destroy(product->a);
  if (product->stream) dnnl_stream_destroy(product->stream);
  if (product->primitive) dnnl_primitive_destroy(product->primitive);
  *product = (struct COneDNN_Product){0};
}

/// A matrix (rows, columns), which is stored transposed or not.
static inline dnnl_status_t COneDNN_describe(dnnl_memory_desc_t *matrix, int64_t rows, int64_t columns, int64_t stride,
                                             int transposed, dnnl_data_type_t type) {
  const dnnl_dims_t lengths = {rows, columns}, strides = {transposed ? 1 : stride, transposed ? stride : 1};
  return dnnl_memory_desc_init_by_strides(matrix, 2, lengths, type, strides);
}

/// Makes a product, for the number of threads OpenMP has on the calling thread.
/// Where that fails, `*failed` is the name of the call that did, and `*product` holds nothing.
static inline dnnl_status_t COneDNN_create(const struct COneDNN_Shape *shape, dnnl_engine_t engine,
                                           struct COneDNN_Product *product, const char **failed) {
  dnnl_status_t status;
  dnnl_memory_desc_t a, b, c;
  dnnl_matmul_desc_t description;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t sum = NULL;
  dnnl_primitive_desc_t choice = NULL;
  *product = (struct COneDNN_Product){0};
  COneDNN_TRY(COneDNN_describe, &a, shape->m, shape->k, shape->a_stride, shape->a_transposed, dnnl_bf16);
  COneDNN_TRY(COneDNN_describe, &b, shape->k, shape->n, shape->b_stride, shape->b_transposed, dnnl_bf16);
  COneDNN_TRY(COneDNN_describe, &c, shape->m, shape->n, shape->c_stride, 0, shape->c_is_float ? dnnl_f32 : dnnl_bf16);
  COneDNN_TRY(dnnl_matmul_desc_init, &description, &a, &b, NULL, &c);
  COneDNN_TRY(dnnl_primitive_attr_create, &attributes);
  COneDNN_TRY(dnnl_primitive_attr_set_scratchpad_mode, attributes, dnnl_scratchpad_mode_user);
  if (shape->accumulates) {
    COneDNN_TRY(dnnl_post_ops_create, &sum);
    COneDNN_TRY(dnnl_post_ops_append_sum, sum, 1);
    COneDNN_TRY(dnnl_primitive_attr_set_post_ops, attributes, sum);
  }
  COneDNN_TRY(dnnl_primitive_desc_create, &choice, &description, attributes, engine, NULL);
  const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(choice, dnnl_query_scratchpad_md, 0);
  product->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  COneDNN_TRY(dnnl_primitive_create, &product->primitive, choice);
  COneDNN_TRY(dnnl_stream_create, &product->stream, engine, dnnl_stream_default_flags);
  COneDNN_TRY(dnnl_memory_create, &product->a, &a, engine, DNNL_MEMORY_NONE);
  COneDNN_TRY(dnnl_memory_create, &product->b, &b, engine, DNNL_MEMORY_NONE);
  COneDNN_TRY(dnnl_memory_create, &product->c, &c, engine, DNNL_MEMORY_NONE);
  if (product->scratch_bytes) COneDNN_TRY(dnnl_memory_create, &product->scratch, scratch, engine, DNNL_MEMORY_NONE);
end:
  if (choice) dnnl_primitive_desc_destroy(choice);
  if (sum) dnnl_post_ops_destroy(sum);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (status != dnnl_success) COneDNN_destroy(product);
  return status;
}

/// Multiplies. `scratch` has `product->scratch_bytes` bytes.
static inline dnnl_status_t COneDNN_run(const struct COneDNN_Product *product, const void *a, const void *b, void *c,
                                        void *scratch, const char **failed) {
  dnnl_status_t status;
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, product->a},
                                       {DNNL_ARG_WEIGHTS, product->b},
                                       {DNNL_ARG_DST, product->c},
                                       {DNNL_ARG_SCRATCHPAD, product->scratch}};
  COneDNN_TRY(dnnl_memory_set_data_handle, product->a, (void *)a);
  COneDNN_TRY(dnnl_memory_set_data_handle, product->b, (void *)b);
  COneDNN_TRY(dnnl_memory_set_data_handle, product->c, c);
  if (product->scratch) COneDNN_TRY(dnnl_memory_set_data_handle, product->scratch, scratch);
  COneDNN_TRY(dnnl_primitive_execute, product->primitive, product->stream, product->scratch ? 4 : 3, arguments);
  COneDNN_TRY(dnnl_stream_wait, product->stream);
end:
  return status;
}
