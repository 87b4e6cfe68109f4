// Runs a target on files, without libFuzzer: `fuzz_json <folder or file>...`.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{path}) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

bool ran(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    return false;
  }
  const std::string octets{std::istreambuf_iterator<char>{file}, {}};
  // Told before: the last line names the file that broke the promise.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  cpc::fuzz::run(octets);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t files = 0;
  for (int i = 1; i < count; ++i) {
    for (const std::filesystem::path& path : files_of(arguments[i])) {
      if (!ran(path)) return 1;
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files > 0 ? 0 : 1;
}
