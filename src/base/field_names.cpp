#include "base/field_names.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

namespace elastic {
namespace {

using Names = std::vector<const char*>;

// Name here -> names elsewhere, in the form of key_form.
const std::map<std::string, Names> names_elsewhere{
    {"batch_size", {"bs", "train_batch_size"}},
    {"clip_norm", {"clip_grad", "clip_grad_norm", "grad_clip", "max_grad_norm"}},
    {"data", {"dataset", "data_path", "input", "train_file"}},
    {"device", {"cuda", "gpu", "gpu_id"}},
    {"dim",
     {"d_model",
      "embed_dim",
      "embedding_dim",
      "embedding_size",
      "hidden",
      "hidden_dim",
      "hidden_size",
      "hidden_units"}},
    {"dropout",
     {"attn_dropout_prob", "dropout_prob", "dropout_rate", "hidden_dropout_prob", "p_dropout"}},
    {"epochs", {"max_epochs", "n_epochs", "num_epochs", "num_train_epochs"}},
    {"eval_every", {"eval_interval", "eval_step", "val_check_interval"}},
    {"ffn_dim", {"d_ff", "ff_dim", "ffn_hidden_size", "inner_size", "intermediate_size"}},
    {"gru", {"gru4rec"}},
    {"item_column", {"item_col", "item_field", "item_id_field"}},
    {"k", {"cutoffs", "ks"}},
    {"learning_rate", {"learningrate", "lr"}},
    {"loss", {"loss_fn", "loss_type"}},
    {"max_len",
     {"history_len",
      "max_item_list_length",
      "max_length",
      "max_seq_len",
      "max_seq_length",
      "max_sequence_length",
      "maxlen",
      "seq_len",
      "sequence_length"}},
    {"min_item_events", {"item_inter_num_interval", "min_item_count", "min_item_support"}},
    {"min_user_events", {"min_user_count", "min_user_interactions", "user_inter_num_interval"}},
    {"negatives", {"n_negs", "neg_samples", "negs", "num_negatives", "train_neg_sample_num"}},
    {"num_heads", {"heads", "n_heads", "num_attention_heads"}},
    {"num_layers", {"layers", "n_blocks", "n_layer", "n_layers", "num_blocks"}},
    {"optimizer", {"learner", "optim", "optimiser"}},
    {"out", {"checkpoint_dir", "output_dir", "save_dir", "train_dir"}},
    {"patience", {"early_stopping", "early_stopping_patience", "stopping_step"}},
    {"schedule", {"lr_schedule", "lr_scheduler", "lr_scheduler_type", "scheduler"}},
    {"seed", {"random_seed", "random_state"}},
    {"softmax", {"sasrec", "transformer"}},
    {"threads", {"n_jobs", "num_threads", "num_workers", "workers"}},
    {"time_column", {"time_col", "time_field", "timestamp_col"}},
    {"top_k", {"k", "n_recs", "topk"}},
    {"user_column", {"user_col", "user_field", "user_id_field"}},
    {"warmup_steps", {"num_warmup_steps", "warm_up_steps", "warmup"}},
    {"weight_decay", {"l2", "l2_reg", "wd"}}};

}  // namespace

std::string key_form(std::string name) {
  name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
    return letter == '-' ? '_' : static_cast<char>(std::tolower(letter));
  });
  return name;
}

std::string name_here(const std::string& name) {
  const std::string wanted = key_form(name);
  for (const auto& [here, elsewhere] : names_elsewhere) {
    if (std::find(elsewhere.begin(), elsewhere.end(), wanted) != elsewhere.end()) {
      return here;
    }
  }
  return "";
}

}  // namespace elastic
