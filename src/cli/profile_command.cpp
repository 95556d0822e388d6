#include <fstream>
#include <memory>

#include "base/atomic_file.h"
#include "base/error.h"
#include "cli/build_info.h"
#include "cli/command.h"
#include "cli/model_flags.h"
#include "cli/output.h"
#include "cli/output_format.h"
#include "cli/progress_line.h"
#include "cli/session_options.h"
#include "data/data_config.h"
#include "profile/lengths.h"
#include "profile/report.h"

namespace elastic::cli {
namespace {

constexpr const char* kProfileDescription =
    "measure time, memory and operations against the length of the history\n"
    "\n"
    "  elastic profile --model elastic,softmax --length 256-16k*4\n"
    "  elastic profile --length 200 --phase train --data ratings.csv --ops\n"
    "  elastic profile --length 1k-64k*4 --report profile.html -o json > profile.json\n"
    "\n"
    "Every combination of models, lengths, batches and phases is a row; --max-len follows the "
    "length.\n"
    "What does not fit in memory is a row that says so.";

class ProfileCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "profile"; }
  [[nodiscard]] std::string description() const override { return kProfileDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  [[nodiscard]] std::vector<std::string> models() const;
  [[nodiscard]] std::vector<profile::Workload> workloads() const;
  void add_variants(profile::Workload workload, std::vector<profile::Workload>& all) const;
  [[nodiscard]] std::string print(const profile::Report& report) const;
  void write_files(const profile::Report& report) const;

  ModelConfig model_;
  std::string length_ = "256-4096*4";
  std::string batch_ = "16";
  std::string phase_ = "encode,serve,train";
  std::string supervision_ = "last";
  std::string shortcut_ = "on";
  std::int64_t items_ = 3416;
  std::string data_;
  std::int64_t repetitions_ = 5;
  std::int64_t warmup_ = 1;
  std::string max_memory_;
  std::string baseline_ = "softmax";
  std::string report_;
  std::string trace_;
  bool ops_ = false;
  OutputFormat format_;
  SessionOptions session_;
};

void ProfileCommand::declare(OptionTable& table) {
  table.begin_group("What to measure");
  // --max-len and the catalogue follow from other options here.
  visit_options(model_, [&](const std::string& key, auto& field, const char* help) {
    if (key == "model") {
      model_.model = "elastic,softmax";
      table.add(key, &field, "models, separated by commas, or all").scope = Scope::kSession;
    } else if (key != "max_len") {
      table.add(key, &field, help).scope = Scope::kSession;
    }
  });
  const auto add = [&table](const char* key, OptionTarget target, const char* help) {
    table.add(key, target, help).scope = Scope::kSession;
  };
  add("length", &length_, "history lengths: 256,1k or 256-65536*4 or 100-500+100");
  add("batch", &batch_, "sequences at a time, as --length");
  add("phase", &phase_, "encode (all states), serve (one state a sequence), train (a step), rank");
  add("supervision",
      &supervision_,
      "of train: last, all (causal models), window (elastic-window), or auto (what each model "
      "trains "
      "with)");
  add("shortcut", &shortcut_, "compute only the last token in the last layer: on, off or both");
  add("items", &items_, "size of the catalogue of synthetic histories");
  add("data", &data_, "real histories, cut to the length, instead of synthetic ones");
  table.options().back()->value_name = "FILE";
  table.begin_group("How to measure");
  add("repetitions", &repetitions_, "timed runs of each row");
  add("warmup", &warmup_, "runs before them");
  add("max_memory", &max_memory_, "what a row may need, e.g. 8G; empty: what is free");
  add("baseline", &baseline_, "the model that speed-ups are against");
  table.begin_group("What to write");
  add("ops", &ops_, "time and bytes of each kernel of one run as well");
  // Of one call: a variable would overwrite the file of the call before.
  const auto add_file = [&table](const char* key, std::string* target, const char* help) {
    Option& file = table.add(key, target, help);
    file.scope = Scope::kFlagOnly;
    file.value_name = "FILE";
  };
  add_file("report", &report_, "write a page with plots to this file");
  add_file("trace", &trace_, "write every kernel call to this file, for chrome://tracing");
  declare_output(table, format_, "md", "md, csv, jsonl or json");
  declare_session(table, session_);
}

void ProfileCommand::add_variants(profile::Workload workload,
                                  std::vector<profile::Workload>& all) const {
  const bool has_shortcut =
      workload.phase == profile::Phase::kServe ||
      (workload.phase == profile::Phase::kTrain && workload.supervision == "last");
  for (const bool shortcut : {false, true}) {
    const bool wanted = shortcut_ == "both" || (shortcut_ == "on") == shortcut;
    if (has_shortcut ? wanted : shortcut) {
      workload.shortcut = shortcut;
      all.push_back(workload);
    }
  }
}

std::vector<std::string> ProfileCommand::models() const {
  return model_.model == "all" ? model_names() : profile::parse_list(model_.model);
}

std::vector<profile::Workload> ProfileCommand::workloads() const {
  profile::Workload workload;
  workload.model = model_;
  workload.model.num_items = items_;
  workload.device = parse_device(session_.device);
  workload.supervision = supervision_;
  workload.repetitions = static_cast<int>(repetitions_);
  workload.warmup = static_cast<int>(warmup_);
  workload.max_memory_bytes =
      max_memory_.empty() ? 0 : profile::parse_bytes("--max-memory", max_memory_);
  std::vector<profile::Workload> all;
  for (const std::string& phase : profile::parse_list(phase_)) {
    workload.phase = profile::parse_phase(phase);
    for (const std::int64_t length : profile::parse_lengths("--length", length_)) {
      for (const std::int64_t batch : profile::parse_lengths("--batch", batch_)) {
        for (const std::string& model : models()) {
          workload.model.model = model;
          workload.model.max_len = length;
          workload.batch = batch;
          add_variants(workload, all);
        }
      }
    }
  }
  return all;
}

std::string ProfileCommand::print(const profile::Report& report) const {
  const std::string format = chosen_format(format_);
  if (format == "json") {
    return to_json(report).dump(2) + "\n";
  }
  if (format == "csv") {
    return to_csv(report);
  }
  if (format == "jsonl") {
    std::string text;
    for (const profile::Row& row : report.rows) {
      text += to_json(row, report).dump() + "\n";
    }
    return text;
  }
  return to_markdown(report) + (ops_ ? kernels_to_markdown(report.rows) : "");
}

void ProfileCommand::write_files(const profile::Report& report) const {
  if (!report_.empty()) {
    write_file_atomically(report_, to_html(report));
  }
  if (!trace_.empty()) {
    write_file_atomically(trace_, to_trace(report.rows).dump());
  }
}

int ProfileCommand::run(const OptionTable& table) {
  const std::string format = chosen_format(format_);
  if (format != "md" && format != "csv" && format != "jsonl" && format != "json") {
    throw UsageError("-o: expected md, csv, jsonl or json, got '", format, "'");
  }
  if (supervision_ != "last" && supervision_ != "all" && supervision_ != "window" &&
      supervision_ != "auto") {
    throw UsageError("--supervision: expected last, all, window or auto, got '", supervision_, "'");
  }
  if (shortcut_ != "on" && shortcut_ != "off" && shortcut_ != "both") {
    throw UsageError("--shortcut: expected on, off or both, got '", shortcut_, "'");
  }
  if (repetitions_ < 1 || repetitions_ > 1000 || warmup_ < 0 || warmup_ > 1000 || items_ < 1) {
    throw UsageError("--repetitions and --items: expected at least 1, --warmup at least 0");
  }
  for (const std::string& text : notes_on_unused_flags(table, models())) {
    ProgressLine(session_.quiet).message(text);
  }
  const Device device = start_session(session_);
  std::vector<profile::Workload> all = workloads();
  profile::Report report;
  report.inputs = concat("synthetic, items by Zipf's law out of ", items_);
  data::LoadedData loaded;
  if (!data_.empty()) {
    data::DataConfig config;
    config.data = data_;
    loaded = data::load_data(config);
    std::vector<std::span<const std::int32_t>> histories;
    for (std::int32_t user = 0; user < loaded.dataset->num_users(); ++user) {
      histories.push_back(loaded.dataset->sequence(user));
    }
    for (profile::Workload& workload : all) {
      workload.histories = histories;
      workload.model.num_items = loaded.dataset->num_items();
    }
    report.inputs = concat("users of ", data_, " at random, their latest events");
  }
  report.build = build_info();
  report.baseline = baseline_;
  report.machine = profile::measure_machine(device);
  ProgressLine line(session_.quiet);
  for (std::size_t i = 0; i < all.size(); ++i) {
    line.update(concat("profile: ",
                       i + 1,
                       " of ",
                       all.size(),
                       ": ",
                       all[i].model.model,
                       " ",
                       name_of(all[i].phase),
                       ", length ",
                       all[i].model.max_len));
    report.rows.push_back(measure(all[i], report.machine, !trace_.empty()));
  }
  write_files(report);
  Output output;
  output.write(print(report));
  output.flush();
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_profile_command() {
  return std::make_unique<ProfileCommand>();
}

}  // namespace elastic::cli
