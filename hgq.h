// The whole C++ library in one header, for custom training loops and for deployment.
//
//   #include "hgq/hgq.h"
//
//   auto data  = hgq::load_hdf5("magic.h5");
//   auto model = hgq::Sequential({hgq::HQuantize(), hgq::HDense(64).relu(), hgq::HDense(2)}, data.sample_shape());
//   auto adam  = hgq::Adam({.learning_rate = 5e-3});
//   hgq::TrainStep step(model, hgq::sparse_categorical_crossentropy(), adam);
//   for (const auto& batch : data.batches(512, 42)) step.run(batch);
//   hgq::trace_minmax(model, data.x());
//   hgq::save_proxy(hgq::to_proxy_model(model), "proxy.h5");
#pragma once

#include "hgq/autograd/executor.h"       // IWYU pragma: export
#include "hgq/autograd/ops.h"            // IWYU pragma: export
#include "hgq/callbacks/kinds.h"         // IWYU pragma: export
#include "hgq/callbacks/pareto_front.h"  // IWYU pragma: export
#include "hgq/callbacks/phases.h"        // IWYU pragma: export
#include "hgq/callbacks/progress.h"      // IWYU pragma: export
#include "hgq/callbacks/trainer.h"       // IWYU pragma: export
#include "hgq/core/version.h"            // IWYU pragma: export
#include "hgq/data/loaders.h"            // IWYU pragma: export
#include "hgq/deploy/convert.h"          // IWYU pragma: export
#include "hgq/deploy/deployment.h"       // IWYU pragma: export
#include "hgq/deploy/trained_model.h"    // IWYU pragma: export
#include "hgq/deploy/verify.h"           // IWYU pragma: export
#include "hgq/deploy/warm_start.h"       // IWYU pragma: export
#include "hgq/layers/freeze.h"           // IWYU pragma: export
#include "hgq/layers/hgq_file.h"         // IWYU pragma: export
#include "hgq/layers/model.h"            // IWYU pragma: export
#include "hgq/layers/predict.h"          // IWYU pragma: export
#include "hgq/layers/trace.h"            // IWYU pragma: export
#include "hgq/optim/optimizers.h"        // IWYU pragma: export
#include "hgq/optim/train_step.h"        // IWYU pragma: export
#include "hgq/proxy/proxy_file.h"        // IWYU pragma: export
#include "hgq/proxy/qkeras/convert.h"    // IWYU pragma: export
#include "hgq/report/run_report.h"       // IWYU pragma: export
#include "hgq/sweep/batch.h"             // IWYU pragma: export
#include "hgq/sweep/live_table.h"        // IWYU pragma: export
#include "hgq/sweep/local_engine.h"      // IWYU pragma: export
#include "hgq/sweep/start_sweep.h"       // IWYU pragma: export
#include "hgq/sweep/table.h"             // IWYU pragma: export
