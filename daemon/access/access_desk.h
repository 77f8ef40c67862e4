// The daemon's part of access control: asks the book about every packet, says what refused clients are told,
// carries out /login, /access/approve and their like, keeps the approvals on disk, and logs which clients were
// refused.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "control/access/access_book.h"
#include "control/clients/hosts.h"
#include "control/commands/answers.h"
#include "control/commands/command_handlers.h"
#include "daemon/doors/door.h"
#include "daemon/net/routes.h"

namespace fohd {

/// [control] all of it.
class AccessDesk {
 public:
  struct Context {
    Desk& desk;
    Answers& answers;
    /// Rights have changed: removes all clients for which this is true, and leaves the others what they may have.
    std::function<void(const Refused& refused)> drop;
  };

  /// [main thread] Reads the approvals. An empty folder: nothing is kept.
  AccessDesk(Context context, const AccessConfig& config, std::string state_folder);

  /// A packet of this client came from this address (IPv4, host byte order), through the interface of this number.
  /// False: it is not to be read.
  bool hears(const Origin& client, std::uint32_t address, std::uint32_t interface, std::int64_t now_ms);
  /// What a client is told that is not heard. Empty: nothing, since many were told just now.
  std::string refusal(std::int64_t now_ms);
  void name_midi(std::uint64_t client, const std::string& name) { book_.name_midi(client, name); }
  /// Carries out what stands below its address, from now on.
  void register_commands(CommandHandlers& commands);
  void configure(const AccessConfig& config);
  const LoginCounts& login_counts() const noexcept { return book_.login_counts(); }
  /// Every second: the log and the file.
  void report();
  /// Waits for what is being written, 1 s at most.
  void finish();

 private:
  /// False: it is none of ours, or it was refused and `error` says why.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments, std::int64_t now_ms,
               std::string& error);
  void save();
  void tell_rights();
  bool strays(std::uint32_t address, std::string_view interface) const;
  const std::string& name_of(std::uint32_t interface);
  std::string outcome();

  Context context_;
  std::string folder_;
  Routes routes_;
  AccessBook book_;
  std::map<std::uint32_t, std::string> interfaces_;
  clients::Allowance stranger_answers_;
  std::uint64_t strangers_ = 0;
  std::string last_stranger_;
  bool unsaved_ = false;
  bool rights_changed_ = false;  ///< by a login or a logout; who has none now goes within a second
  std::future<std::string> saving_;
};

}  // namespace fohd
