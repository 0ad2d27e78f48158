#pragma once

#include "products.h"

// A convolution of 3 × 3 pixels with a border of one pixel of zeros: created once for a shape, then run on any memory of
// that shape. Pictures lie pixel by pixel, the channels of a pixel side by side (the library's nhwc). Weights lie as the
// library likes them best, which is not as a model has them: COneDNN_arrange copies between the two.

enum COneDNN_Direction {
  /// y from x and weights.
  COneDNN_Forward,
  /// The gradient of x from that of y and weights.
  COneDNN_Data,
  /// The gradient of weights from x and the gradient of y.
  COneDNN_Weights
};

struct COneDNN_ConvolutionShape {
  enum COneDNN_Direction direction;
  int64_t pictures, height, width, inputs, outputs, stride;
  /// Of x and y, their gradients too, and of weights; the gradient of weights is always float.
  int is_bf16;
  /// Whether the gradient of x is float all the same.
  int dx_is_float;
  /// Whether COneDNN_arrange adds to what is there.
  int accumulates;
};

/// A convolution made for a shape. Zeroed, it holds nothing.
struct COneDNN_Convolution {
  dnnl_primitive_t primitive, arrangement;
  dnnl_stream_t stream;
  /// x or its gradient; weights or their gradient; y or its gradient; weights (outputs, inputs, 3, 3) of floats.
  dnnl_memory_t x, weights, y, plain, scratch;
  /// How weights, or their gradient, lie.
  dnnl_memory_desc_t format;
  /// Bytes of these, and of the memory a run needs for itself, 64-byte aligned.
  size_t weights_bytes, scratch_bytes;
};

static inline void COneDNN_destroy_convolution(struct COneDNN_Convolution *made) {
  if (made->scratch) dnnl_memory_destroy(made->scratch);
  if (made->plain) dnnl_memory_destroy(made->plain);
  if (made->y) dnnl_memory_destroy(made->y);
  if (made->weights) dnnl_memory_destroy(made->weights);
  if (made->x) dnnl_memory_destroy(made->x);
  if (made->stream) dnnl_stream_destroy(made->stream);
  if (made->arrangement) dnnl_primitive_destroy(made->arrangement);
  if (made->primitive) dnnl_primitive_destroy(made->primitive);
  *made = (struct COneDNN_Convolution){0};
}

/// The arrangement of weights: from a model's to the library's, or of their gradient back.
static inline dnnl_status_t COneDNN_create_arrangement(const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *format,
                                                       enum COneDNN_Direction direction, int accumulates,
                                                       dnnl_engine_t engine, dnnl_primitive_t *arrangement,
                                                       const char **failed) {
  dnnl_status_t status;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t sum = NULL;
  dnnl_primitive_desc_t choice = NULL;
  const dnnl_memory_desc_t *from = direction == COneDNN_Weights ? format : plain;
  const dnnl_memory_desc_t *to = direction == COneDNN_Weights ? plain : format;
  COneDNN_TRY(dnnl_primitive_attr_create, &attributes);
  if (accumulates) {
    COneDNN_TRY(dnnl_post_ops_create, &sum);
    COneDNN_TRY(dnnl_post_ops_append_sum, sum, 1);
    COneDNN_TRY(dnnl_primitive_attr_set_post_ops, attributes, sum);
  }
  COneDNN_TRY(dnnl_reorder_primitive_desc_create, &choice, from, engine, to, engine, attributes);
  COneDNN_TRY(dnnl_primitive_create, arrangement, choice);
end:
  if (choice) dnnl_primitive_desc_destroy(choice);
  if (sum) dnnl_post_ops_destroy(sum);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  return status;
}

/// Makes a convolution for one thread.
///
/// `format`: how weights are to lie, of another convolution that has the same; NULL: as the library likes them best.
/// Where that fails, `*failed` is the name of the call that did, and `*made` holds nothing.
static inline dnnl_status_t COneDNN_create_convolution(const struct COneDNN_ConvolutionShape *shape,
                                                       const dnnl_memory_desc_t *format, dnnl_engine_t engine,
                                                       struct COneDNN_Convolution *made, const char **failed) {
  dnnl_status_t status;
  const int64_t down = (shape->height - 1) / shape->stride + 1, across = (shape->width - 1) / shape->stride + 1;
  const dnnl_dims_t xs = {shape->pictures, shape->inputs, shape->height, shape->width};
  const dnnl_dims_t ws = {shape->outputs, shape->inputs, 3, 3}, ys = {shape->pictures, shape->outputs, down, across};
  const dnnl_dims_t strides = {shape->stride, shape->stride}, border = {1, 1};
  // Behind the last pixel a border is read only as far as the stride gets.
  const dnnl_dims_t behind = {(down - 1) * shape->stride + 2 - shape->height, (across - 1) * shape->stride + 2 - shape->width};
  const dnnl_data_type_t type = shape->is_bf16 ? dnnl_bf16 : dnnl_f32;
  const int is_data = shape->direction == COneDNN_Data, is_weights = shape->direction == COneDNN_Weights;
  dnnl_memory_desc_t x, y, weights, gradient, plain;
  dnnl_convolution_desc_t forward, description;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t hint = NULL, choice = NULL;
  *made = (struct COneDNN_Convolution){0};
  COneDNN_TRY(dnnl_memory_desc_init_by_tag, &x, 4, xs, is_data && shape->dx_is_float ? dnnl_f32 : type, dnnl_nhwc);
  COneDNN_TRY(dnnl_memory_desc_init_by_tag, &y, 4, ys, type, dnnl_nhwc);
  COneDNN_TRY(dnnl_memory_desc_init_by_tag, &plain, 4, ws, dnnl_f32, dnnl_oihw);
  COneDNN_TRY(dnnl_memory_desc_init_by_tag, &weights, 4, ws, type, dnnl_format_tag_any);
  COneDNN_TRY(dnnl_memory_desc_init_by_tag, &gradient, 4, ws, dnnl_f32, dnnl_format_tag_any);
  if (format) *(is_weights ? &gradient : &weights) = *format;
  COneDNN_TRY(dnnl_primitive_attr_create, &attributes);
  COneDNN_TRY(dnnl_primitive_attr_set_scratchpad_mode, attributes, dnnl_scratchpad_mode_user);
  if (shape->direction == COneDNN_Forward) {
    COneDNN_TRY(dnnl_convolution_forward_desc_init, &description, dnnl_forward_training, dnnl_convolution_direct, &x,
                &weights, NULL, &y, strides, border, behind);
  } else {
    // The library wants to know the way forward as well, which reads x as it was.
    dnnl_memory_desc_t read = x, any;
    COneDNN_TRY(dnnl_memory_desc_init_by_tag, &read, 4, xs, type, dnnl_nhwc);
    COneDNN_TRY(dnnl_memory_desc_init_by_tag, &any, 4, ws, type, dnnl_format_tag_any);
    COneDNN_TRY(dnnl_convolution_forward_desc_init, &forward, dnnl_forward_training, dnnl_convolution_direct, &read, &any,
                NULL, &y, strides, border, behind);
    COneDNN_TRY(dnnl_primitive_desc_create, &hint, &forward, NULL, engine, NULL);
    if (is_data) {
      COneDNN_TRY(dnnl_convolution_backward_data_desc_init, &description, dnnl_convolution_direct, &x, &weights, &y,
                  strides, border, behind);
    } else {
      COneDNN_TRY(dnnl_convolution_backward_weights_desc_init, &description, dnnl_convolution_direct, &x, &gradient, NULL,
                  &y, strides, border, behind);
    }
  }
  COneDNN_TRY(dnnl_primitive_desc_create, &choice, &description, attributes, engine, hint);
  made->format = *dnnl_primitive_desc_query_md(
      choice, is_weights ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
  made->weights_bytes = dnnl_memory_desc_get_size(&made->format);
  const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(choice, dnnl_query_scratchpad_md, 0);
  made->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  COneDNN_TRY(dnnl_primitive_create, &made->primitive, choice);
  COneDNN_TRY(COneDNN_create_arrangement, &plain, &made->format, shape->direction, shape->accumulates, engine,
              &made->arrangement, failed);
  COneDNN_TRY(dnnl_stream_create, &made->stream, engine, dnnl_stream_default_flags);
  COneDNN_TRY(dnnl_memory_create, &made->x, &x, engine, DNNL_MEMORY_NONE);
  COneDNN_TRY(dnnl_memory_create, &made->weights, &made->format, engine, DNNL_MEMORY_NONE);
  COneDNN_TRY(dnnl_memory_create, &made->y, &y, engine, DNNL_MEMORY_NONE);
  COneDNN_TRY(dnnl_memory_create, &made->plain, &plain, engine, DNNL_MEMORY_NONE);
  if (made->scratch_bytes) COneDNN_TRY(dnnl_memory_create, &made->scratch, scratch, engine, DNNL_MEMORY_NONE);
end:
  if (choice) dnnl_primitive_desc_destroy(choice);
  if (hint) dnnl_primitive_desc_destroy(hint);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (status != dnnl_success) COneDNN_destroy_convolution(made);
  return status;
}

/// Convolves, one way or the other: of x, weights and y, which are gradients where the direction says so, the one that is
/// asked for is set. `scratch` has `made->scratch_bytes` bytes, and weights `made->weights_bytes`.
static inline dnnl_status_t COneDNN_convolve(const struct COneDNN_Convolution *made, enum COneDNN_Direction direction,
                                             void *x, void *weights, void *y, void *scratch, const char **failed) {
  dnnl_status_t status;
  const dnnl_exec_arg_t arguments[] = {
      {direction == COneDNN_Data ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, made->x},
      {direction == COneDNN_Weights ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, made->weights},
      {direction == COneDNN_Forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, made->y},
      {DNNL_ARG_SCRATCHPAD, made->scratch}};
  COneDNN_TRY(dnnl_memory_set_data_handle, made->x, x);
  COneDNN_TRY(dnnl_memory_set_data_handle, made->weights, weights);
  COneDNN_TRY(dnnl_memory_set_data_handle, made->y, y);
  if (made->scratch) COneDNN_TRY(dnnl_memory_set_data_handle, made->scratch, scratch);
  COneDNN_TRY(dnnl_primitive_execute, made->primitive, made->stream, made->scratch ? 4 : 3, arguments);
  COneDNN_TRY(dnnl_stream_wait, made->stream);
end:
  return status;
}

/// Brings a model's weights into the library's order, or the gradient of weights back into the model's.
static inline dnnl_status_t COneDNN_arrange(const struct COneDNN_Convolution *made, enum COneDNN_Direction direction,
                                            float *plain, void *weights, const char **failed) {
  dnnl_status_t status;
  const int is_weights = direction == COneDNN_Weights;
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, is_weights ? made->weights : made->plain},
                                       {DNNL_ARG_TO, is_weights ? made->plain : made->weights}};
  COneDNN_TRY(dnnl_memory_set_data_handle, made->plain, plain);
  COneDNN_TRY(dnnl_memory_set_data_handle, made->weights, weights);
  COneDNN_TRY(dnnl_primitive_execute, made->arrangement, made->stream, 2, arguments);
  COneDNN_TRY(dnnl_stream_wait, made->stream);
end:
  return status;
}
