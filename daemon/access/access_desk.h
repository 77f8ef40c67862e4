// The daemon's part of access control: asks the book about every packet, answers refused clients with a refusal,
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
#include "control/commands/command_handlers.h"

namespace fohd {

/// [control] all of it.
class AccessDesk {
 public:
  struct Context {
    Desk& desk;
    /// Sends a client a line at an address. False: it asked too often.
    std::function<bool(std::uint64_t client, const std::string& address, const std::string& text)> tell;
    /// Sends a packet to a client whose packets are refused.
    std::function<void(std::uint64_t client, std::span<const std::byte> packet)> send;
    /// Removes all clients for which this is true.
    std::function<void(const std::function<bool(std::uint64_t client)>& refused)> drop;
  };

  /// [main thread] Reads the approvals. An empty folder: nothing is kept.
  AccessDesk(Context context, const AccessConfig& config, std::string state_folder);

  /// A packet of this client (address in the upper bits, port in the lower 16) came through the interface of this
  /// number.
  bool hears(std::uint64_t client, std::uint32_t interface, std::int64_t now_ms);
  void name_midi(std::uint64_t client, const std::string& name) { book_.name_midi(client, name); }
  /// Carries out what stands below its address, from now on.
  void register_commands(CommandHandlers& commands);
  void configure(const AccessConfig& config);
  /// Every second: the log and the file.
  void report();
  /// Waits for what is being written, 1 s at most.
  void finish();

 private:
  /// False: it is none of ours, or it was refused and `error` says why.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments, std::int64_t now_ms,
               std::string& error);
  void tell_stranger(std::uint64_t client, std::int64_t now_ms);
  void save();
  void drop_refused();

  Context context_;
  std::string folder_;
  AccessBook book_;
  std::map<std::uint32_t, std::string> interfaces_;
  clients::Allowance stranger_answers_;
  std::uint64_t strangers_ = 0;
  std::string last_stranger_;
  std::uint64_t logins_ = 0;  ///< in this second
  std::string last_login_;
  bool unsaved_ = false;
  std::future<std::string> saving_;
};

}  // namespace fohd
