#include "daemon/access/access_desk.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "daemon/access/approvals_file.h"
#include "daemon/base/clock.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/net/addresses.h"

namespace fohd {
namespace {

// Sender addresses can be forged: so few answers, of 100 bytes, are no weapon.
constexpr double kStrangerAnswersPerSecond = 10;

std::vector<Approval> read_approvals(const std::string& folder) {
  if (folder.empty()) return {};
  FileSystem disk;
  std::vector<std::string> warnings;
  std::vector<Approval> approvals = load_approvals(folder, disk, warnings);
  for (const std::string& warning : warnings) log_of(EventKind::access).warn("{}", warning);
  return approvals;
}

}  // namespace

AccessDesk::AccessDesk(Context context, const AccessConfig& config, std::string state_folder)
    : context_(std::move(context)),
      folder_(std::move(state_folder)),
      book_(config, read_approvals(folder_),
            [this](std::uint32_t address, std::string_view interface) { return strays(address, interface); }),
      stranger_answers_(kStrangerAnswersPerSecond, kStrangerAnswersPerSecond) {
  context_.desk.set_gate(&book_);
}

bool AccessDesk::hears(const Origin& client, std::uint32_t address, std::uint32_t interface, std::int64_t now_ms) {
  const std::string& name = name_of(interface);
  if (book_.hear(client, address, name, now_ms) != Role::refused) return true;
  if (strangers_++ == 0) last_stranger_ = address_text(address) + " on " + name;
  return false;
}

/// Asked for each new sender, forged ones too, so the usual way is a cheap one.
bool AccessDesk::strays(std::uint32_t address, std::string_view interface) const {
  const auto known =
      std::find_if(interfaces_.begin(), interfaces_.end(), [&](const auto& one) { return one.second == interface; });
  const std::uint32_t number = known != interfaces_.end() ? known->first : interface_number(std::string(interface));
  return number == 0 || !routes_.lead_to(address, number);
}

/// An interface that has just gone is called "?", as no rule does.
const std::string& AccessDesk::name_of(std::uint32_t interface) {
  auto name = interfaces_.find(interface);
  if (name == interfaces_.end()) name = interfaces_.emplace(interface, interface_name(interface)).first;
  if (name->second.empty()) name->second = "?";
  return name->second;
}

std::string AccessDesk::refusal(std::int64_t now_ms) {
  return stranger_answers_.take(1, now_ms) ? explain_refusal({Role::refused}) : "";
}

void AccessDesk::register_commands(CommandHandlers& commands) {
  commands.add({Command::login, Command::logout, Command::access_list, Command::access_approve, Command::access_revoke},
               [this](const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                      std::string& error) { return execute(call, origin, arguments, now_ms(), error); });
}

bool AccessDesk::execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                         std::int64_t now_ms, std::string& error) {
  const auto text = [&](std::size_t i) { return i < arguments.size() ? std::get<std::string>(arguments[i]) : ""; };
  const auto tell = [&](const std::string& line) { return context_.answers.tell(origin, address_of(call), line); };
  switch (call.command) {
    case Command::login:
      error = book_.login(origin, text(0), now_ms);
      if (!error.empty()) break;
      tell("you are " + to_text(book_.rights_of(origin)));
      rights_changed_ = true;
      break;
    case Command::logout:
      error = book_.logout(origin);
      if (!error.empty()) break;
      tell("you are " + to_text(book_.rights_of(origin)));
      rights_changed_ = true;
      break;
    case Command::access_list:
      for (const std::string& line : book_.list(now_ms)) {
        if (!tell(line)) break;
      }
      break;
    case Command::access_approve:
    case Command::access_revoke: {
      const bool approves = call.command == Command::access_approve;
      error = approves ? book_.approve(text(0), text(1)) : book_.revoke(text(0));
      if (!error.empty()) break;
      unsaved_ = true;
      const std::string line = text(0) + (approves ? " is let in as " + text(1) : " is not let in any more");
      log_of(EventKind::access).info("Access: {}", line);
      tell(line + (folder_.empty() ? "; not kept over a restart, since this desk has no state folder" : ""));
      save();
      tell_rights();
      break;
    }
    default:
      error = "this command is not known here";
  }
  return error.empty();
}

/// A disk may stand still, so no thread waits for this one.
void AccessDesk::save() {
  if (!unsaved_ || folder_.empty() || saving_.valid()) return;
  try {
    std::packaged_task<std::string()> task([folder = folder_, approvals = book_.approvals()] {
      FileSystem disk;
      return save_approvals(folder, disk, approvals);
    });
    std::future<std::string> result = task.get_future();
    std::thread(std::move(task)).detach();
    saving_ = std::move(result);
    unsaved_ = false;
  } catch (const std::exception& failure) {  // no thread, no memory
    log_of(EventKind::access).warn("Approvals are not kept yet: {}; it is tried again", failure.what());
  }
}

/// Of what is written; "" or why not.
std::string AccessDesk::outcome() {
  try {
    return saving_.get();
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

void AccessDesk::configure(const AccessConfig& config) {
  book_.configure(config);
  tell_rights();
}

/// A client whose packets are now refused gets no more packets.
void AccessDesk::tell_rights() {
  context_.drop([this](const Origin& client, std::uint32_t address, std::uint32_t interface) {
    const std::string name = interface == 0 ? "" : name_of(interface);
    return book_.role_of(client, address, name) == Role::refused;
  });
}

void AccessDesk::report() {
  // Once a second at most: it looks at every client, and one packet may hold many logins.
  if (std::exchange(rights_changed_, false)) tell_rights();
  if (strangers_ > 0) {
    log_of(EventKind::access)
        .warn("OSC: {} {} of strangers were not heard; the first came from {}", strangers_,
              strangers_ == 1 ? "packet" : "packets", last_stranger_);
    strangers_ = 0;
  }
  // Never a key, not even a wrong one: it may be the right one, mistyped.
  for (const std::string& line : book_.take_logins()) log_of(EventKind::access).info("{}", line);
  for (const std::string& line : book_.take_wrong_keys()) log_of(EventKind::access).warn("Access: {}", line);
  interfaces_.clear();  // one may be called something else by now
  for (const std::string& line : book_.take_refusals()) log_of(EventKind::access).warn("Access: {}", line);
  if (saving_.valid() && saving_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    if (const std::string error = outcome(); !error.empty()) {
      log_of(EventKind::access).warn("Approvals could not be written: {}; it is tried again", error);
      unsaved_ = true;
    }
  }
  save();
}

void AccessDesk::finish() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  do {  // what is being written may be older than the last change
    if (saving_.valid()) {
      if (saving_.wait_until(end) != std::future_status::ready) return;
      static_cast<void>(outcome());
    }
    save();
  } while (saving_.valid());
}

}  // namespace fohd
