// cpcctl directory import FILE
// cpcctl directory export DIRECTORY [--out FILE]
//
// A directory as a file, for instances that no network joins, and for those who sign it. The file
// has all versions; the daemon takes them in parts, since it reads no long requests.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/cmd_directory.h"

namespace cpc::cli {
namespace {

using admin_protocol::DirectoryChanged;
using admin_protocol::Problem;
using Json = nlohmann::ordered_json;

// A part, with room for its quotes inside a JSON text; one record is 32 KiB at most.
constexpr std::size_t part_bytes_max = 24 * 1024;
constexpr std::size_t part_records_max = 32;
constexpr std::size_t file_bytes_max = 32 * 1024 * 1024;

struct DirectoryImportArgs {
  std::string file;
};
struct DirectoryExportArgs {
  std::string directory;
  std::string out;
};

std::optional<Json> page_in(std::istream& in) {
  std::string text;
  for (char c = 0; text.size() <= file_bytes_max && in.get(c);) text.push_back(c);
  if (text.size() > file_bytes_max) return std::nullopt;
  Json page = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool fits = page.is_object() && page.contains("records") && page["records"].is_array();
  if (!fits) return std::nullopt;
  return page;
}

/// The first records of those from `begin` on that fit into one request.
Json part_of(const Json& page, std::size_t begin) {
  Json part = page;
  part["records"] = Json::array();
  const Json& records = page["records"];
  std::size_t bytes = 0;
  for (std::size_t i = begin; i < records.size() && part["records"].size() < part_records_max;
       ++i) {
    bytes += records[i].dump(-1, ' ', false, Json::error_handler_t::replace).size();
    if (bytes > part_bytes_max && i > begin) break;
    part["records"].push_back(records[i]);
  }
  return part;
}

int run_directory_import(Context& context, const DirectoryImportArgs& args) {
  std::ifstream file;
  if (args.file != "-") file.open(args.file);
  const auto page = page_in(args.file == "-" ? context.in : file);
  if (!page) {
    return report(context, {"not_found.file", "The directory was not imported",
                            args.file + " cannot be read, or is no directory", ""});
  }
  std::optional<DirectoryChanged> all;
  const std::size_t count = (*page)["records"].size();
  for (std::size_t begin = 0; begin < count || !all;) {
    const Json part = part_of(*page, begin);
    begin += part["records"].size();
    const std::string text = part.dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto changed =
        call(*context.connect(context.target), admin_protocol::DirectoryImportRequest{text});
    if (changed.has_error()) return report(context, changed.error());
    const std::int64_t before = all ? all->before : changed.value().before;
    all = changed.value();
    all->before = before;
  }
  return print_directory_change(context, *all);
}

int run_directory_export(Context& context, const DirectoryExportArgs& args) {
  Json whole;
  for (std::int64_t after = 0;;) {
    const auto part = call(*context.connect(context.target),
                           admin_protocol::DirectoryExportRequest{args.directory, after});
    if (part.has_error()) return report(context, part.error());
    Json page = Json::parse(part.value().page, nullptr, /*allow_exceptions=*/false);
    if (!page.is_object() || !page["records"].is_array()) {
      return report(context, {"internal.answer", "The directory was not exported",
                              "the daemon's answer was not understood", ""});
    }
    if (whole.is_null()) {
      whole = std::move(page);
    } else {
      for (Json& record : page["records"]) whole["records"].push_back(std::move(record));
      whole["version"] = part.value().version;
    }
    if (part.value().last == after || part.value().last >= part.value().version) break;
    after = part.value().last;
  }
  const std::string text = whole.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (args.out.empty()) {
    context.out << text << '\n';
    return exit_done;
  }
  std::ofstream file{args.out};
  file << text << '\n';
  file.close();
  if (file) return exit_done;
  return report(context, {"unavailable.file", "Nothing was exported",
                          args.out + " cannot be written", "Choose another place with --out."});
}

}  // namespace

void add_directory_import(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryImportArgs>();
  CLI::App* command =
      directory.add_subcommand("import", "Take the news of a followed directory from a file");
  command->add_option("FILE", args->file, "The directory's file; - is stdin")
      ->required()
      ->type_name("");
  on_call(*command, context, args, run_directory_import);
}

void add_directory_export(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryExportArgs>();
  CLI::App* command = directory.add_subcommand("export", "Write a directory to a file");
  add_directory_name(*command, args->directory);
  command->add_option("--out", args->out, "Where to; stdout unless told")->type_name("FILE");
  on_call(*command, context, args, run_directory_export);
}

}  // namespace cpc::cli
