// Clients approved by engineers, kept over restarts: approvals.json in the state folder. Addresses, roles, no secrets.
#pragma once

#include <string>
#include <vector>

#include "control/access/access_book.h"

namespace fohd {

class FileSystem;

/// [any thread that may wait for a disk] A file that is not there is an empty list. What cannot be read as a whole is
/// left out, each with a sentence in `warnings`.
std::vector<Approval> load_approvals(const std::string& folder, FileSystem& disk, std::vector<std::string>& warnings);
/// [any thread that may wait for a disk] Whole or not at all. Returns "" or why not.
std::string save_approvals(const std::string& folder, FileSystem& disk, const std::vector<Approval>& approvals);

}  // namespace fohd
