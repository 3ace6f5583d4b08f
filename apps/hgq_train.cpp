// hgq-train: the program.
#include "hgq/apps/hgq_train_main.h"

int main(int argc, char** argv) { return hgq::hgq_train_main(argc, argv); }
