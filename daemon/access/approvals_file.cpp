#include "daemon/access/approvals_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "daemon/base/file_system.h"

namespace fohd {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFile = "approvals.json";
constexpr std::size_t kMostNamed = 20;  // a person reads no more

}  // namespace

std::vector<Approval> load_approvals(const std::string& folder, FileSystem& disk, std::vector<std::string>& warnings) {
  std::vector<Approval> approvals;
  const std::string path = (std::filesystem::path(folder) / kFile).string();
  if (disk.kind(path) == FileSystem::Kind::nothing) return approvals;
  std::string text;
  if (const std::string why = disk.read(path, text, kApprovalsFile); !why.empty()) {
    warnings.push_back(why + "; nobody is approved");
    return approvals;
  }
  const Json file = Json::parse(text, nullptr, false);
  if (!file.is_object()) {
    warnings.push_back(path + ": is damaged; nobody is approved");
    return approvals;
  }
  std::size_t left_out = 0;
  for (const auto& [address, rights] : file.items()) {
    const auto network = parse_network(address);
    const auto allowed = rights.is_string() ? parse_rights(rights.get<std::string>()) : std::nullopt;
    if (network && network->bits == 32 && allowed && allowed->role != Role::refused) {
      approvals.push_back({network->address, *allowed});
    } else {
      if (left_out++ >= kMostNamed) continue;
      warnings.push_back(path + ": \"" + address.substr(0, 64) + "\" is no address with a role; it is left out");
    }
  }
  if (left_out > kMostNamed) {
    warnings.push_back(path + ": " + std::to_string(left_out - kMostNamed) + " more of its entries are left out");
  }
  return approvals;
}

std::string save_approvals(const std::string& folder, FileSystem& disk, const std::vector<Approval>& approvals) {
  Json file = Json::object();
  for (const Approval& one : approvals) file[address_text(one.address)] = to_text(one.rights);
  return write_whole(disk, folder, kFile, file.dump(2) + "\n");
}

}  // namespace fohd
