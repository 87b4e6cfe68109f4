// Signed directories at work where their keys lie, far from any instance: no configuration, no
// store, no network. A directory is one file, in the form in which it is served and exported; its
// last version may still lack signatures. The file goes from one signer to the next, or comes back
// from several at once (combine), and is complete when enough have signed.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "core/base/time.h"

namespace cpc::daemon {

struct DirectoryOrder {
  std::string what{};                  ///< key | found | change | sign | combine | verify
  std::vector<std::string> files{};    ///< The directory; for `combine` several copies of it.
  std::string key{};                   ///< The private key's file, made by `key`, used by `sign`.
  std::string name{};                  ///< Of a directory that is founded.
  std::vector<std::string> signers{};  ///< Public keys, of a founded directory or a changed one.
  std::size_t threshold = 0;
  std::vector<std::string> add{};     ///< NAME=IID, or NAME=IID@HOST:PORT,HOST:PORT
  std::vector<std::string> retire{};  ///< Names whose instance was closed.
  std::vector<std::string> remove{};  ///< Names that are not vouched for any more.
  int days = 90;                      ///< How long the version holds.
};

/// Does what is ordered: writes the new file to `out`, if there is one, and what it says to `err`.
/// Gives the exit status: 0; 1 with what went wrong; 7 if `verify` finds the last version not
/// complete.
[[nodiscard]] int run_directory_order(const DirectoryOrder& order, TimePoint now, std::ostream& out,
                                      std::ostream& err);

}  // namespace cpc::daemon
