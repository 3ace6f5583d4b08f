#include "hgq/optim/kinds.h"

namespace hgq {

void register_built_in(TrainingKinds& kinds);  // made of the list in CMakeLists.txt

TrainingKinds::TrainingKinds() { register_built_in(*this); }

const TrainingKinds& built_in_training_kinds() {
  static const TrainingKinds kKinds;
  return kKinds;
}

}  // namespace hgq
