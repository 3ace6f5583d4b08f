// The sections of a run's report, in which its figures and tables are; run_report() puts them together.
#pragma once

#include "hgq/report/page.h"
#include "hgq/report/run_files.h"

namespace hgq::report {

Markup headline_of(const RunFiles& run);
Section front_section(const RunFiles& run);
Section curves_section(const RunFiles& run);
Section predictions_section(const RunFiles& run);
Section network_section(const RunFiles& run);
Section layers_section(const RunFiles& run);
Section verification_section(const RunFiles& run);
Section profile_section(const RunFiles& run);  // of a run with --profile
Section data_section(const RunFiles& run);
Section origin_section(const RunFiles& run);  // config, versions, how to make it again

}  // namespace hgq::report
