#include "hgq/apps/reference_text.h"

namespace hgq::reference_text {

const std::string_view kHead = R"(# Every key of a config

Made by `hgq-train reference`, from the tables with which the program reads a config, so it is always up to date. `hgq-train check CONFIG.yaml`
names all errors of a config at once, each with its line and column. A first config, step by step: [tutorial.md](tutorial.md).

)";

const std::string_view kValues = R"(A config is YAML: maps, lists, and values.

- Numbers are decimal (`0.001`, `1.0e-3`; not `0x1F`, `1_000`, `.inf`), booleans are `true` and `false`, a text that looks like a number must be in quotes.
- `null` stands for the default. A key that is given twice, an unknown key, `<<` and a second document are errors.
- A list of one value may be written as the value: `metrics: accuracy` is `metrics: [accuracy]`.
- Layers, optimizers, schedules, initializers, regularizers, constraints, losses, metrics and callbacks are written `NAME`, or with arguments
  `{NAME: {KEY: VALUE, ...}}`; those with one main argument also `{NAME: VALUE}`, as `{MonoL1: 1.0e-6}`. Keras' own form
  `{class_name: NAME, config: {...}}` can also be used, with the keys that Keras adds to optimizers, losses and metrics (`reduction: auto`,
  `from_logits`, `use_ema: false` ...): a key that changes no number is ignored, any other value is an error that gives the reason.
- Paths of files start from the folder of the config; those on the command line, also in `--set`, start from the current folder.
)";

const std::string_view kSets =
    R"(`hgq-train CONFIG.yaml --set KEY.PATH=YAML` changes one value; it may be given several times, later ones have priority, and `--seed` has
priority over all. A path consists of keys with dots between them. An item of a list is named by its index from 0, a layer by its name (also the one it has by default, as `h_dense_1`), a callback by its
kind. Errors name the place as `--set #2`.

```
--set train.epochs=500
--set data.file=other.csv                            from the current folder
--set model.layers.out.units=8                       the layer named out
--set model.layers.0={HQuantize: {beta: 0}}
--set callbacks.EarlyStopping.patience=5
--set train.optimizer.Adam.learning_rate=1.0e-3
--set 'train.loss={huber: {delta: 2}}'               in quotes, for the shell
```
)";

const std::string_view kArrays =
    R"(An array (of `data.inputs`, `data.targets`, `data.sample_weights`, and of the sets `data.validation` and `data.test`) is written

| form | what it is |
|---|---|
| `x`, `group/x` | a dataset of an HDF5 file, by its path; an array of an NPZ file |
| `table[pt,eta]` | fields of a compound dataset of an HDF5 file, as columns |
| `quality`, `3`, `-1` | a column of a CSV file: by its name in the header, or by its number from 0, negative from the end |
| `0:36`, `:5`, `2:` | columns of a CSV file: from the first up to, but without, the second |
| `[pt, eta, 4, 10:12]` | columns of a CSV file, side by side |
| `{file: x.npy}` | a file of its own, which holds one array (NPY, IDX) |
| `{file: other.h5, name: x}` | an array, in any of the forms above, of another file than `data.file` |
| `{LAYER: ARRAY, ...}` | one for each input layer (or output), if there are several |

A set of its own, for `validation` and `test`, is `{file: FILE, inputs: ARRAY, targets: ARRAY, sample_weights: ARRAY}`: keys that are not given are those of the training rows;
`file` or `inputs` (with `targets`) must be given, or both. The first dimension counts the rows, and all arrays of a set have the same number. A share of the rows for
validation is the last part of a permutation that depends on the seed.

```yaml
data: {file: magic.h5, inputs: x, targets: y, validation: 0.15, test: {inputs: x_test, targets: y_test}}
data: {file: wine.csv, inputs: "0:11", targets: quality, validation: 0.2, scale: standard}
data: {inputs: {file: x.npy}, targets: {file: y.npy}, test: {inputs: {file: xt.npy}, targets: {file: yt.npy}}}
data: {file: muon.npz, inputs: {muon: x1, mask: x2}, targets: {angle: y1, charge: y2}}
```
)";

const std::string_view kTargets =
    R"(What the targets must be depends on the loss (see Losses). Labels of classes may be text, numbers or rows of 0 and 1: text, and
numbers that do not start at 0, are numbered in sorted order. The class of each label is printed and kept with the model, so that every command uses the same numbers.
)";

const std::string_view kQuantizers =
    R"(A quantizer is a map of these keys. `model.kernel_quantizer` and a layer's `kq_conf`, `model.activation_quantizer` and a layer's `paq_conf`: the layer's keys replace
those of the model, and these the defaults below, key by key.

```yaml
model:
  kernel_quantizer: {init_bw: 3, regularizer: {MonoL1: 1.0e-6}}
  layers:
    - HDense: {units: 8, kq_conf: {init_bw: 4}, paq_conf: {skip_dims: all}}
```
)";

const std::string_view kLayers =
    R"(The list `model.layers` is a chain: each layer reads the one before it. With `inputs: LAYER` or `inputs: [LAYER, ...]`, a key of every layer, it becomes a graph. A layer without
a `name` gets the name that Keras would give it: `h_dense`, `h_dense_1`. The first layer is usually an `HQuantize`, since all later layers need inputs of known bits.
)";

const std::string_view kActivations =
    R"(`activation` of a dense layer or convolution is `linear` or `relu`. All other activations are layers of their own, written
`HActivation: {activation: tanh}` (not `HActivation: tanh`). Their names:)";

const std::string_view kFormulas =
    R"(Or a formula in `x`: `HActivation: {activation: "x > 0 ? x : 0.1*x"}`. It has numbers, `x`, `pi`, `e`; `+ - * /`, `^` or `**` for powers (from the right; `-x^2` is `-(x^2)`);
`< <= > >= == != && ||`, which are 1 or 0; `CONDITION ? A : B`; and the functions)";

const std::string_view kLosses =
    R"(Each loss can be given by any of its names. It is the mean over the rows and over the elements of an output; with sample weights w it is sum(w * loss) / rows, as in Keras.
**Cross-entropies take logits**: the last layer is a plain `HDense`, without a softmax or sigmoid. If the model ends in `HActivation: {activation: softmax}`
(`sigmoid` for the binary one), they take its probabilities; there is nothing to set. The loss that is shown and trained, `loss`, also contains beta * BOPs and the regularizers.
)";

const std::string_view kMetrics =
    R"(The names in callbacks and history.csv are: `loss`; each metric; with `data.validation` the same with the prefix `val_` (`val_loss`, `val_accuracy`); `bops` with FreeBOPs or
CalibratedBOPs (with both, `bops` is that of CalibratedBOPs and `free_bops` the other). With several outputs also `OUTPUT_loss` and `OUTPUT_METRIC`; an
output of a nested model is called there by the name of its layer (`a_loss` for `block/a`). Every metric has a key `name`, under which it is logged; of two with the same
name one needs it. What each measures is explained in docs/metrics.md.
)";

const std::string_view kCallbacks = R"(Called in the order of the list.
)";

const std::string_view kDifferences =
    R"(The arithmetic is that of Python HGQ 0.2.6. Two defaults differ, for which the code of the package and its own usage reference disagree; we follow the reference, since that is
what its users read. A model file of the package contains its settings, which are kept here.

| | here, and in HGQ's usage reference | in the code of HGQ 0.2.6 | for the behaviour of the code |
|---|---|---|---|
| `regularizer` of both quantizers | `{L1: 1e-06}`: the sum of absolute bit widths, which also keeps negative ones near 0 | `MonoL1(1e-6)`: the signed sum, which also drives fractional bits below 0 | `regularizer: {MonoL1: 1.0e-6}` in `model.kernel_quantizer` and `model.activation_quantizer` |
| `rnd_strategy` of activation quantizers | `auto`: standard_round if the bias can contain the half that rounding adds, otherwise floor, which needs no adder in the firmware | `standard_round` | `rnd_strategy: standard_round` in `model.activation_quantizer` |

Other differences are additions, or are stricter:

- `kq_conf` and `paq_conf` of a layer replace the defaults key by key; in the package they replace them as a whole, and keys that they do not
  contain get the defaults of its class `HGQ` (`floor`, no regularizer).
- `minmax_record` of a layer's activation quantizer is always true: the ranges are needed for the proxy.
- `AUC` is exact; Keras counts at 200 thresholds.
- `ReduceLROnPlateau`, `EarlyStopping`, optimizers and schedules have the defaults of Keras 2.15; every length in steps can also be given in epochs, and every schedule can have a
  warm-up and a flat tail.
)";

}  // namespace hgq::reference_text
