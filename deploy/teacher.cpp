#include "hgq/deploy/teacher.h"

#include <algorithm>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/file_dataset.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/proxy_outputs.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/predict.h"
#include "hgq/optim/distillation.h"
#include "hgq/optim/prediction_evaluation.h"
#include "hgq/proxy/emulator.h"

namespace hgq {
namespace {

class ModelTeacher final : public Teacher {
 public:
  ModelTeacher(const std::string& path, LoadedModel loaded)
      : model_(std::move(loaded.model)), predictor_(model_, workers_) {
    path_ = path;
    extras_ = std::move(loaded.extras);
    for (const int i : model_.inputs()) inputs_.push_back({model_.entry(i).name, model_.entry(i).shape});
    for (EvaluatedOutput& output : evaluated_outputs(model_))
      outputs_.push_back({std::move(output.name), output.shape, std::move(output.function)});
  }
  std::vector<Tensor> run(std::span<const ConstTensorView> inputs) const override { return predictor_.run(inputs); }

 private:
  Model model_;
  mutable Workers workers_;
  mutable Predictor predictor_;  // its buffers; no result depends on what was computed before
};

class ProxyTeacher final : public Teacher {
 public:
  ProxyTeacher(const std::string& path, ProxyModel proxy, ModelExtras extras)
      : proxy_(std::move(proxy)), emulator_(proxy_) {
    path_ = path;
    extras_ = std::move(extras);
    for (const int i : proxy_.inputs()) inputs_.push_back({proxy_.layer(i).name(), emulator_.signal(i).shape});
    for (EvaluatedOutput& output : proxy_outputs(proxy_, emulator_, extras_))
      outputs_.push_back({std::move(output.name), output.shape, std::move(output.function)});
  }
  std::vector<Tensor> run(std::span<const ConstTensorView> inputs) const override {
    return emulator_.run(inputs, &workers_).outputs;
  }

 private:
  ProxyModel proxy_;
  Emulator emulator_;
  mutable Workers workers_;
};

/// One output of a teacher.
class TeacherRows final : public RowSource {
 public:
  TeacherRows(std::shared_ptr<const Teacher> teacher, std::vector<std::shared_ptr<const RowSource>> inputs,
              size_t output, const OutputSpec& student, Scaling target_scaling, double temperature)
      : RowSource(concat("teacher of '", student.name, "'"), inputs.front()->rows(), student.sample, false),
        teacher_(std::move(teacher)),
        inputs_(std::move(inputs)),
        output_(output),
        kind_(student.kind),
        target_scaling_(std::move(target_scaling)),
        temperature_(temperature) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const std::vector<Scaling>& scaling = teacher_->extras().scaling;
      readers_.push_back(
          FieldReader::input(teacher_->inputs()[i].name, inputs_[i], i < scaling.size() ? scaling[i] : Scaling{}));
    }
  }

 private:
  void read_floats(int64_t first, int64_t count, std::span<float> out) const override {
    std::vector<Tensor> inputs;
    for (const FieldReader& reader : readers_) {
      inputs.emplace_back(reader.spec().sample.with_front(count));
      reader.read(first, count, inputs.back().values());
    }
    std::vector<Tensor> outputs = teacher_->run(views_of(inputs));
    const std::span<float> own = outputs[output_].values();
    if (output_ < teacher_->extras().target_scaling.size()) teacher_->extras().target_scaling[output_].undo(own);
    target_scaling_.apply(own);
    const Teacher::Output& made = teacher_->outputs()[output_];
    soften(own, made.shape[-1], kind_, made.function, temperature_);
    std::ranges::copy(own, out.begin());
  }
  std::vector<std::string> read_words(int64_t /*first*/, int64_t /*count*/) const override { return {}; }

  std::shared_ptr<const Teacher> teacher_;
  std::vector<std::shared_ptr<const RowSource>> inputs_;
  size_t output_;
  TargetKind kind_;
  Scaling target_scaling_;
  double temperature_;
  std::vector<FieldReader> readers_;
};

}  // namespace

std::shared_ptr<Teacher> Teacher::load(const std::string& path, const Registry& registry) {
  ModelExtras extras;
  const ReadGroup read = [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); };
  if (auto proxy = load_if_proxy(path, registry, read))
    return std::make_shared<ProxyTeacher>(path, std::move(*proxy), std::move(extras));
  return std::make_shared<ModelTeacher>(path, load_model_with_extras(path, registry));
}

SharedRows Teacher::rows(const SharedRows& inputs, const Student& student, double temperature) const {
  HGQ_CHECK(inputs_.size() == inputs.size(), ConfigError, path_, ": has ", inputs_.size(), " inputs, the model has ",
            inputs.size());
  HGQ_CHECK(outputs_.size() == student.outputs.size(), ConfigError, path_, ": has ", outputs_.size(),
            " outputs, the model has ", student.outputs.size());
  SharedRows arranged;
  for (const FieldSpec& input : inputs_) {
    const auto named = std::ranges::find(student.inputs, input.name);
    HGQ_CHECK(named != student.inputs.end() || inputs.size() == 1, ConfigError, path_, ": reads '",
              printable(input.name), "', which is no input of the model; its inputs are ",
              quoted_names(student.inputs));
    arranged.push_back(inputs[inputs.size() == 1 ? 0 : static_cast<size_t>(named - student.inputs.begin())]);
    const Shape& sample = arranged.back()->sample();
    HGQ_CHECK((sample.rank() == 0 ? Shape{1} : sample) == input.sample, ConfigError, path_, ": its input '",
              printable(input.name), "' has shape ", input.sample, ", a row of the data has ", sample);
  }
  SharedRows made;
  for (size_t o = 0; o < outputs_.size(); ++o) {
    const OutputSpec& output = student.outputs[o];
    HGQ_CHECK(outputs_[o].shape == output.sample, ConfigError, path_, ": its output '", printable(outputs_[o].name),
              "' has shape ", outputs_[o].shape, ", '", output.name, "' of the model has ", output.sample);
    const ClassMap own = o < extras_.classes.size() ? extras_.classes[o] : ClassMap{};
    const ClassMap wanted = o < student.classes.size() ? student.classes[o] : ClassMap{};
    HGQ_CHECK(own.empty() || wanted.empty() || own.names == wanted.names, ConfigError, path_, ": its output '",
              printable(outputs_[o].name), "' has the classes ", quoted_names(own.names), ", the data have ",
              quoted_names(wanted.names));
    made.push_back(std::make_shared<TeacherRows>(
        shared_from_this(), arranged, o, output,
        o < student.target_scaling.size() ? student.target_scaling[o] : Scaling{}, temperature));
  }
  return made;
}

}  // namespace hgq
