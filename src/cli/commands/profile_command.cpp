#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>

#include "base/atomic_file.h"
#include "base/choice.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/split_list.h"
#include "cli/commands/profile/swept_options.h"
#include "cli/options/model_flags.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/build_info.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/usage/command.h"
#include "data/data_config.h"
#include "data/json_document.h"
#include "model/registry.h"
#include "profile/imported.h"
#include "profile/lengths.h"
#include "profile/report.h"
#include "profile/rounds.h"
#include "train/train_config.h"

namespace elastic::cli {
namespace {

constexpr const char* kProfileDescription =
    R"(measure time, memory and operations against the length of the history

  elastic profile --model elastic,softmax --length 256-16k*4
  elastic profile --length 200 --phase train --data ratings.csv --ops
  elastic profile --length 4k --sweep num-experts=4-64*2 --sweep threads=1,2
  elastic profile --length 1k-64k*4 --report profile.html -o json > profile.json
  elastic profile --length 1k-64k*4 --against profile.json --fail-above 1.05

Every combination of models, lengths, batches, phases and swept options is a row, with --max-len set
to the length. Combinations that do not fit in memory are marked oom. Options that a model does not
read are not varied for it.

--import adds rows that another program measured, such as scripts/profile_torch.py.

--against adds the ratio of each row's time and memory to those of the same row in an earlier -o json
output, with an interval from the repetitions. --fail-above exits with code 8 if a row is slower
beyond the noise, or its peak memory higher.)";

// Gives the workloads real histories instead of synthetic ones.
void use_histories(const data::Dataset& dataset, std::vector<profile::Workload>& workloads) {
  std::vector<std::span<const std::int32_t>> histories;
  for (std::int32_t user = 0; user < dataset.num_users(); ++user) {
    histories.push_back(dataset.sequence(user));
  }
  for (profile::Workload& workload : workloads) {
    workload.histories = histories;
    workload.model.num_items = dataset.num_items();
  }
}

constexpr const char* kAllModels = "all";
constexpr std::int64_t kLeastRepetitions = 4;

// Its `model` is a list here.
ModelConfig default_models() {
  ModelConfig config;
  config.model = "elastic,softmax";
  return config;
}

// Whether the last layer computes only the last token.
enum class Shortcut { kOn, kOff, kBoth };
constexpr auto choices_of(Shortcut) {
  using enum Shortcut;
  return std::to_array<Choice<Shortcut>>({{kOn, "on"}, {kOff, "off"}, {kBoth, "both"}});
}

enum class ProfileFormat { kMarkdown, kCsv, kJsonl, kJson };
constexpr auto choices_of(ProfileFormat) {
  using enum ProfileFormat;
  return std::to_array<Choice<ProfileFormat>>(
      {{kMarkdown, "md"}, {kCsv, "csv"}, {kJsonl, "jsonl"}, {kJson, "json"}});
}

class ProfileCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "profile"; }
  [[nodiscard]] std::string description() const override { return kProfileDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  void check_options(const std::vector<profile::Row>& imported) const;
  void check_baseline(const std::vector<profile::Row>& imported) const;
  void check_gate(const profile::Report& report) const;
  [[nodiscard]] std::vector<std::string> models() const;
  [[nodiscard]] std::vector<profile::Workload> workloads(
      const std::vector<SweptOption>& swept) const;
  void add_variants(profile::Workload workload, std::vector<profile::Workload>& all) const;
  void measure_all(const std::vector<profile::Workload>& all, profile::Report& report) const;
  [[nodiscard]] std::string formatted(const profile::Report& report) const;
  void write_files(const profile::Report& report) const;

  ModelConfig model_ = default_models();
  std::string length_ = "256-4096*4";
  std::string batch_ = "16";
  std::vector<profile::Phase> phases_{
      profile::Phase::kEncode, profile::Phase::kServe, profile::Phase::kTrain};
  train::SupervisionChoice supervision_ = train::SupervisionChoice::kLast;
  Shortcut shortcut_ = Shortcut::kOn;
  std::int64_t items_ = 3416;
  std::vector<std::string> sweep_;
  std::string data_;
  std::int64_t repetitions_ = 5;
  std::int64_t warmup_ = 1;
  std::string max_memory_;
  std::string baseline_ = "softmax";
  std::string import_;
  std::string against_;
  double fail_above_ = 0.0;
  std::string report_;
  std::string trace_;
  bool ops_ = false;
  OutputFormat<ProfileFormat> format_;
  SessionOptions session_;
};

void ProfileCommand::declare(OptionTable& table) {
  table.begin_group("What to measure");
  // Here --length sets max_len, and --items or --data the catalogue. All events of a history are
  // measured alike, so there is no memory_len.
  visit_options(model_, [&](const char* key, auto& field, const char* help, const auto&... facts) {
    if (std::string_view(key) != "max_len" && std::string_view(key) != "memory_len") {
      table.add_field(key, &field, help, facts...).session();
    }
  });
  Option& models = table.find("model");
  models.help = "models, separated by commas, or all";
  models.choices = model_choices();
  models.choices.texts.emplace_back(kAllModels);
  models.choices.list = true;
  const auto add = [&table](const char* key, OptionTarget target, const char* help) -> Option& {
    return table.add(key, target, help).session();
  };
  add("length", &length_, "history lengths: 256,1k or 256-65536*4 or 100-500+100");
  add("batch", &batch_, "sequences per batch, in the form of --length");
  add("phase", &phases_, "phases to time");
  add("supervision", &supervision_, "positions with a loss in phase train");
  add("shortcut", &shortcut_, "compute only the last token in the last layer");
  // A flag only, as it may be given several times.
  table
      .add("sweep",
           &sweep_,
           "vary an option of the model, threads or precision: dim=32,64 or num-experts=4-64*2; "
           "may be repeated")
      .flag_only();
  add("items", &items_, "number of items in synthetic histories").within(kItemCounts);
  add("data", &data_, "file of real histories, cut to the length, instead of synthetic ones")
      .session("FILE");
  table.begin_group("How to measure");
  add("repetitions", &repetitions_, "timed runs per row, in up to five rounds over all rows")
      .within(Range{1, 1000});
  add("warmup", &warmup_, "untimed runs before them, in each round").within(Range{0, 1000});
  add("max_memory", &max_memory_, "memory limit of a row, e.g. 8G; empty: the free memory");
  add("baseline", &baseline_, "the model that speed-ups are relative to").choices = model_choices();
  table.begin_group("What to compare with");
  table.add("import", &import_, "rows of another program's model, as JSON").flag_only("FILE");
  // Flags only: the file and the limit belong to one call.
  table.add("against", &against_, "an earlier -o json output: adds ratios of time and memory")
      .flag_only("FILE");
  table
      .add("fail_above",
           &fail_above_,
           "with --against, exit with code 8 if a row's ratio of time is above this beyond the "
           "noise, or its ratio of peak memory; 0: no limit")
      .within(RealRange{})
      .flag_only();
  table.begin_group("What to write");
  add("ops", &ops_, "add time and bytes of each kernel in one run");
  // Flags only: with a variable each call would overwrite the file of the call before.
  table.add("report", &report_, "write a page with plots to this file").flag_only("FILE");
  table
      .add(
          "trace", &trace_, "write layers, ops and kernel calls to this file, for chrome://tracing")
      .flag_only("FILE");
  declare_output(table, format_);
  declare_session(table, session_);
}

void ProfileCommand::add_variants(profile::Workload workload,
                                  std::vector<profile::Workload>& all) const {
  const bool has_shortcut = workload.phase == profile::Phase::kServe ||
                            (workload.phase == profile::Phase::kTrain &&
                             workload.supervision == train::SupervisionChoice::kLast);
  for (const bool shortcut : {false, true}) {
    const bool wanted = shortcut_ == Shortcut::kBoth || (shortcut_ == Shortcut::kOn) == shortcut;
    if (has_shortcut ? wanted : shortcut) {
      workload.shortcut = shortcut;
      all.push_back(workload);
    }
  }
}

std::vector<std::string> ProfileCommand::models() const {
  return model_.model == kAllModels ? model_names() : split_list(model_.model);
}

std::vector<profile::Workload> ProfileCommand::workloads(
    const std::vector<SweptOption>& swept) const {
  profile::Workload workload;
  workload.model = model_;
  workload.model.num_items = items_;
  workload.device = session_.device;
  workload.supervision = supervision_;
  workload.repetitions = static_cast<int>(repetitions_);
  workload.warmup = static_cast<int>(warmup_);
  workload.max_memory_bytes =
      max_memory_.empty() ? 0 : profile::parse_bytes("--max-memory", max_memory_);
  std::vector<profile::Workload> all;
  for (const profile::Phase phase : phases_) {
    workload.phase = phase;
    for (const std::int64_t length : profile::parse_lengths("--length", length_, kMaxLength)) {
      for (const std::int64_t batch : profile::parse_lengths("--batch", batch_, train::kMaxBatch)) {
        for (const std::string& model : models()) {
          workload.model.model = model;
          workload.model.max_len = length;
          workload.batch = batch;
          for (const profile::Workload& one : swept_workloads(workload, swept)) {
            check(one.model);
            add_variants(one, all);
          }
        }
      }
    }
  }
  return all;
}

std::string ProfileCommand::formatted(const profile::Report& report) const {
  switch (format_.chosen()) {
    case ProfileFormat::kJson:
      return data::json_text(to_json(report), 2) + "\n";
    case ProfileFormat::kCsv:
      return to_csv(report);
    case ProfileFormat::kJsonl: {
      std::string text;
      for (const nlohmann::ordered_json& line : lines_to_json(report)) {
        text += data::json_text(line) + "\n";
      }
      return text;
    }
    case ProfileFormat::kMarkdown:
      break;
  }
  return to_markdown(report);
}

void ProfileCommand::write_files(const profile::Report& report) const {
  if (!report_.empty()) {
    write_file_atomically(report_, to_html(report));
  }
  if (!trace_.empty()) {
    write_file_atomically(trace_, data::json_text(to_trace(report.rows)));
  }
}

void ProfileCommand::check_options(const std::vector<profile::Row>& imported) const {
  check_baseline(imported);
  const bool gated = fail_above_ > 0.0;
  if (gated && against_.empty()) {
    throw UsageError("--fail-above: expected a profile to compare with; add --against FILE");
  }
  if (gated && repetitions_ < kLeastRepetitions) {
    throw UsageError("--fail-above: expected at least ",
                     kLeastRepetitions,
                     " --repetitions, which the interval of a ratio needs, got ",
                     repetitions_);
  }
}

// Throws GateError if a row is above --fail-above.
void ProfileCommand::check_gate(const profile::Report& report) const {
  if (!(fail_above_ > 0.0)) {
    return;
  }
  const auto& changes = report.comparison->changes;
  if (std::none_of(
          changes.begin(), changes.end(), [](const auto& one) { return one.has_partner; })) {
    throw UsageError("--fail-above: no row has a partner in ", against_);
  }
  std::string text;
  for (const std::string& regression : regressions(report, fail_above_)) {
    text += (text.empty() ? "" : "; ") + regression;
  }
  if (!text.empty()) {
    throw GateError("--fail-above ", fail_above_, ": ", text);
  }
}

void ProfileCommand::check_baseline(const std::vector<profile::Row>& imported) const {
  std::vector<std::string> names = model_names();
  for (const profile::Row& row : imported) {
    names.push_back(row.workload.model.model);
  }
  if (std::find(names.begin(), names.end(), baseline_) == names.end()) {
    throw UsageError("--baseline: expected a model of `elastic models`, got '",
                     baseline_,
                     "'",
                     did_you_mean(baseline_, names));
  }
}

// The rows, with the rates of the machine before them, and after them unless they took no time in
// which these could change.
void ProfileCommand::measure_all(const std::vector<profile::Workload>& all,
                                 profile::Report& report) const {
  ProgressLine line(session_.quiet);
  report.machines = profile::measure_machines(all);
  const auto begin = std::chrono::steady_clock::now();
  report.rows = profile::measure_in_rounds(
      all,
      !trace_.empty(),
      [&line](std::size_t visit, std::size_t visits, const profile::Workload& workload) {
        line.update(concat("profile: ",
                           100 * visit / visits,
                           " %: ",
                           workload.model.model,
                           " ",
                           choice_name(workload.phase),
                           ", length ",
                           workload.model.max_len));
      });
  constexpr std::chrono::seconds kLongEnough(1);
  if (std::chrono::steady_clock::now() - begin > kLongEnough) {
    measure_again(report.machines, session_.device);
  }
  for (profile::Row& row : report.rows) {
    set_shares(row, machine_of(row, report).best());
  }
}

int ProfileCommand::run(const OptionTable& table) {
  const std::vector<profile::Row> imported =
      import_.empty() ? std::vector<profile::Row>()
                      : profile::read_imported_rows(import_, supervision_);
  check_options(imported);
  std::optional<profile::EarlierProfile> earlier;
  if (!against_.empty()) {
    earlier = profile::read_profile(against_);
  }
  for (const std::string& text : notes_on_unused_flags(table, models())) {
    ProgressLine(session_.quiet).message(text);
  }
  start_session(session_);
  const std::vector<SweptOption> swept = parse_swept_options(sweep_);
  std::vector<profile::Workload> all = workloads(swept);
  profile::Report report;
  for (const SweptOption& option : swept) {
    report.swept.push_back(option.key);
  }
  report.inputs = concat("synthetic, items by Zipf's law out of ", items_);
  data::LoadedData loaded;  // the histories refer to it
  if (!data_.empty()) {
    data::DataConfig config;
    config.data = {data_};
    loaded = data::load_data(config);
    use_histories(*loaded.dataset, all);
    report.inputs = concat("latest events of random users of ", data_);
  }
  report.build = build_info();
  report.baseline = baseline_;
  report.ops = ops_;
  measure_all(all, report);
  report.imported = import_;
  report.rows.insert(report.rows.end(), imported.begin(), imported.end());
  if (earlier) {
    report.comparison = compare_with(*earlier, report);
  }
  write_files(report);
  print(formatted(report));
  check_gate(report);
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_profile_command() {
  return std::make_unique<ProfileCommand>();
}

}  // namespace elastic::cli
