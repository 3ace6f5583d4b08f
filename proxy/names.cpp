#include "hgq/proxy/names.h"

#include <algorithm>

#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

// Lists of words, each with a space before and after it.
constexpr std::string_view kKeywords =
    " "
    "alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool "
    "break case catch char char8_t char16_t char32_t class compl concept const consteval constexpr "
    "constinit const_cast continue co_await co_return co_yield decltype default delete do double "
    "dynamic_cast else enum explicit export extern false float for friend goto if inline int long "
    "mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
    "reflexpr register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast struct switch synchronized template this thread_local throw true try typedef typeid "
    "typename union unsigned using virtual void volatile wchar_t while xor xor_eq ";

// Attributes of hls4ml's layers: it keeps a layer's output among them, under the layer's name (proxy-format.md 1.4).
constexpr std::string_view kAttributes =
    " "
    "RND SAT accum accum_quantizer accum_t activ_param activation activation_quantizer algorithm axis "
    "beta_data beta_quantizer bias bias_data bias_precision bias_quantizer bias_t bit_exact_transformed "
    "bitwidth class_name config config_cpp count_pad data_format data_reader depth depth_multiplier "
    "depthwise depthwise_accum depthwise_accum_t depthwise_data depthwise_quantizer depthwise_result "
    "depthwise_reuse_factor dilation dilation_width dilation_height dim direction dw_line_buffer_codegen "
    "dw_output_t epsilon exp_table_size exp_table_t expression filt_height filt_width function_cpp "
    "fusible gamma_data gamma_quantizer group groups height height_factor implementation in_height "
    "in_width inbound_nodes include_header index inp_shape input_shape inputs instructions inv_inp_t "
    "inv_table_size inv_table_t keepdims kernel_data layer_list line_buffer_codegen mask_fn_codegen "
    "mask_kbi merge_mode mean_data mean_quantizer min_height min_width n_chan n_dim n_filt n_in n_inner "
    "n_inplace n_out n_outer n_partitions name narrow op original_type out_height out_shape out_width "
    "output_shape outputs overrides pad_bottom pad_left pad_right pad_top padding parallelization_factor "
    "param param_data param_t perm perm_str pointwise pointwise_accum pointwise_data pointwise_quantizer "
    "pointwise_reuse_factor pool_height pool_op pool_width precision pw_line_buffer_codegen quantize "
    "quantizer quantizer_precision result result_t reuse_factor rounding_mode scale scale_bias "
    "scale_data scale_precision scale_quantizer shape shift shift_t signed skip slope slope_prec slope_t "
    "static strategy stride_height stride_width table table_data table_size table_t target_cycles "
    "target_shape threshold trace trusted type_name use_beta use_bias use_gamma value variance_data "
    "variance_quantizer weight weight_data weight_quantizer weight_t width width_factor zeropt ";

// Names that the C++ of the firmware has already; hls4ml itself does not accept a layer called "input". A quantizer
// becomes a function of the namespace nnet, where templates, enumerators and calls without a namespace have some of
// these names.
constexpr std::string_view kOfFirmware =
    " "
    "input nnet ap_fixed ap_ufixed ap_int ap_uint hls std main myproject parameters defines weights "
    "model_default_t input_t size_t array lookup_table exit pow sqrt tanh product latency resource resource_unrolled "
    "distributed_arithmetic io_parallel io_stream Max Average Pool_Op Product gru_class lstm_class trace_enabled "
    "trace_outputs trace_type_size errno assert offsetof alloca NULL NAN EOF INLINE ";

// Names that hls4ml turns into a type of C++ or of its headers when it adds "_t".
constexpr std::string_view kOfTypes =
    " "
    "blkcnt blksize caddr char8 char16 char32 clock clockid daddr dev div error fenv fexcept fpos fsid gid id ino "
    "int8 int16 int32 int64 intmax intptr key ldiv lldiv locale loff max_align mbstate mode model_default nlink off "
    "pid pthread ptrdiff quad sigset size ssize suseconds time timer u_int8 u_int16 u_int32 u_int64 uid uint8 uint16 "
    "uint32 uint64 uintmax uintptr useconds wchar wctrans wctype wint ";

// What hls4ml adds to the name of a layer for its types, its variables, and the layers that it makes from it.
constexpr std::string_view kMadeOfNames[] = {
    "",        "_t",        "_accum_t",        "_weight_t",  "_bias_t",      "_table_t",     "_result_t", "_param_t",
    "_linear", "_linear_t", "_linear_table_t", "_inv_inp_t", "_inv_table_t", "_exp_table_t", "_ap"};

bool holds(std::string_view words, std::string_view word) { return words.find(concat(" ", word, " ")) != words.npos; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// w2, b2, config2, layer2_out ...: what hls4ml calls the arrays, settings and types of its layers.
bool is_variable_of_firmware(std::string_view name) {
  const auto digit = std::ranges::find_if(name, is_digit);
  const auto end = std::find_if_not(digit, name.end(), is_digit);
  if (digit == end) return false;
  const std::string_view front(name.begin(), digit);
  const std::string_view back(end, name.end());
  if (front == "layer")
    return back.starts_with("_out") || back == "_t" || back == "_index" || back.starts_with("_c") ||
           back.starts_with("_h");
  if (back == "_t") return front == "bias" || front == "slope" || front == "shift" || front == "input";
  return back.empty() && (front == "w" || front == "b" || front.ends_with("config"));
}

}  // namespace

bool is_identifier(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); }) && !holds(kKeywords, name);
}

std::string proxy_layer_name(std::string_view name) {
  std::string usable;
  for (const char c : name) {
    const bool known = is_letter(c) || is_digit(c);
    if (known || !usable.ends_with('_')) usable += known ? c : '_';
  }
  if (usable.empty() || is_digit(usable.front())) usable.insert(0, "layer_");
  if (holds(kKeywords, usable) || holds(kAttributes, usable) || holds(kOfFirmware, usable) || holds(kOfTypes, usable) ||
      is_variable_of_firmware(usable))
    usable += "_layer";
  return usable;
}

void check_proxy_name(std::string_view name) {
  HGQ_CHECK(
      is_identifier(name), ConfigError, "layer '", printable(name),
      "': hls4ml makes a variable of C++ from its name, expected letters, digits and underscores, not a digit first, "
      "and not a keyword; rename the layer");
}

bool ProxyNames::take(const std::string& name) {
  if (std::ranges::any_of(kMadeOfNames, [&](std::string_view more) { return made_.contains(concat(name, more)); }))
    return false;
  for (const std::string_view more : kMadeOfNames) made_.insert(concat(name, more));
  used_.insert(name);
  return true;
}

bool ProxyNames::clashes(const std::string& name) const {
  return !used_.contains(name) &&
         std::ranges::any_of(kMadeOfNames, [&](std::string_view more) { return made_.contains(concat(name, more)); });
}

std::string ProxyNames::unique(const std::string& name) {
  std::string candidate = name;
  for (int i = 0; !take(candidate); ++i) candidate = concat(name, "_", i);
  return candidate;
}

std::string ProxyNames::counted(const std::string& name) {
  std::string candidate = name;
  for (int i = 1; !take(candidate); ++i) candidate = concat(name, "_", i);
  return candidate;
}

}  // namespace hgq
