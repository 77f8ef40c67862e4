// The clients of a door: who is there and until when, what each is subscribed to and still owed, which meters it
// watches. Knows no encoding: a door sends what is due as it likes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/clients/hosts.h"
#include "control/clients/items.h"
#include "control/clients/meter_hub.h"

namespace fohd::clients {

/// Numbers of a door.
struct Quotas {
  std::size_t most_clients = 64;           ///< each costs up to 1 MB/s of a Wi-Fi while it is given the full state
  std::size_t most_clients_per_host = 16;  ///< so that no single machine keeps the others out
  /// Places that only programs on this machine find: `fohctl` in two terminals, and two more, whoever came before them.
  std::size_t kept_for_this_machine = 4;
  /// Of the other places, those that only engineers find: a tablet and a laptop each at front of house and at the
  /// monitors, at once and without anybody having to leave. Beyond them lower roles give way.
  std::size_t kept_for_engineers = 4;
  int default_lease_s = 10;
  /// A viewer's lease at most. A program that renews every default lease may lose two packets; a phone in the audience
  /// that has left holds no place for an hour.
  int longest_viewer_lease_s = 30;
  std::int64_t flush_interval_ms = 20;    ///< 50 updates a second for one address
  std::int64_t readout_interval_ms = 50;  ///< they are compared this often; they are for display
};

/// What gets and sets may cost a client with a lease.
inline constexpr double kSubscriberValuesPerSecond = 20000;

/// Who gives way to whom where places are short: the lower to the higher.
enum class Rank : std::uint8_t { viewer, monitor, engineer, this_machine };

struct Client {
  Client(ClientId number, Host& machine, std::size_t items)
      : id(number), host(machine), subscribed(items), queue(items), own(items) {
    ++host.leases;
  }
  ~Client() { --host.leases; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  ClientId id;
  Host& host;
  std::int64_t lease_ms = 0, expires_ms = 0;
  /// The lease from the second packet on. One packet, which may be forged, is worth no more than the shortest lease.
  std::int64_t asked_lease_ms = 0;
  Role role = Role::viewer;   ///< when it was heard last, or rights changed last
  bool heard_again = false;   ///< a second packet came
  bool wants_values = false;  ///< false: only meters
  bool echo = false;          ///< gets the result of its own sets too
  bool says_synced = false;   ///< the full state is on its way, and its end is told
  ErrorWindow errors;
  Allowance values{kSubscriberValuesPerSecond, kSubscriberValuesPerSecond};
  Allowance pattern_work{kSubscriberPatternWorkPerSecond, kSubscriberPatternWorkPerSecond};
  BitSet subscribed;
  UpdateQueue queue;
  OwnSets own;
  std::int32_t sequence = 0;
  std::int64_t next_flush_ms = 0;
  std::array<std::optional<MeterView>, kMeterGroups> meters = {};  ///< what it watches of each group
};

/// [control]
class Clients {
 public:
  /// Desk and status must outlive it. side: the origin of what its clients change. host_of: a number for the machine
  /// that a client is on, the same for all its ports; empty: machines are not told apart. is_here: whether a client is
  /// on this machine; empty: none is, and no place is kept for it.
  Clients(Desk& desk, const DeskStatus& status, Origin::Side side, const Quotas& quotas,
          std::function<std::uint64_t(ClientId)> host_of, std::function<bool(ClientId)> is_here = {});
  ~Clients() { desk_.detach(observer_); }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  const Quotas& quotas() const noexcept { return quotas_; }
  Items& items() noexcept { return items_; }
  const Items& items() const noexcept { return items_; }
  Hosts& hosts() noexcept { return hosts_; }
  MeterHub& meters() noexcept { return meters_; }
  Origin origin_of(ClientId client) const noexcept { return {side_, client}; }

  /// All with a lease, in the order in which they came.
  const std::vector<std::unique_ptr<Client>>& all() const noexcept { return clients_; }
  Client* find(ClientId client) const;
  /// It sent something: the lease begins anew. Null: it has none.
  Client* hear(ClientId client, std::int64_t now_ms);
  /// Why there is no place for it; empty: there is one, or it has it, or gives_way() names who leaves for it.
  std::string why_no_place(ClientId client) const;
  /// Who has to leave before it can be admitted: of the lowest rank below its own, from the machine with the most
  /// leases, who was silent longest. Null: nobody.
  const Client* gives_way(ClientId newcomer) const;
  /// Rights have changed: leases are cut to what they may be now. Who is refused now is the caller's to remove.
  void review(std::int64_t now_ms);
  /// The client, with the shortest lease if it is new.
  Client& admit(ClientId client, std::int64_t now_ms);
  void remove(ClientId client, std::int64_t now_ms);
  std::vector<ClientId> expired(std::int64_t now_ms) const;

  /// It gets the full state of these, then every change. What it set before counts no more. Returns its lease in
  /// seconds, which is shorter than asked for where its rights allow no longer one.
  int subscribe(Client& client, BitSet wanted, bool echo, int lease_s, std::int64_t now_ms);
  /// In the place of what it watched of this group.
  void watch_meters(Client& client, const MeterView& view, std::int64_t now_ms);
  void stop_meters(Client& client, int group);  ///< -1: all

  /// It changed these itself (Desk::apply's echo). Of those that it sent, the desk holds just that value of `kept`, and
  /// another one of `overruled`.
  void note_own(Client& client, std::span<const ParameterId> touched, std::span<const ParameterId> kept,
                std::span<const ParameterId> overruled);
  /// What changed since the last call goes to those who want it.
  void collect(std::int64_t now_ms);
  /// Calls flush(client) for each that something is due to, in turns; it returns false where nothing more can go out
  /// now: that client is first the next time.
  template <class Flush>
  void serve(std::int64_t now_ms, Flush flush) {
    const std::size_t count = clients_.size(), start = count == 0 ? 0 : next_served_ % count;
    for (std::size_t i = 0; i < count; ++i) {
      Client& client = *clients_[(start + i) % count];
      if (now_ms < client.next_flush_ms || client.queue.empty()) continue;
      if (!flush(client)) {
        next_served_ = (start + i) % count;
        return;
      }
    }
  }

 private:
  Role role_of(ClientId client) const { return desk_.rights_of(origin_of(client)).role; }
  Rank rank_of(ClientId client, Role role) const;
  /// Places for this rank and those below it together.
  std::size_t open_to(Rank rank) const;
  bool has_room(Rank newcomer) const;
  /// As its rights allow.
  std::int64_t longest_lease_ms(const Client& client) const;

  Desk& desk_;
  Origin::Side side_;
  Quotas quotas_;
  std::function<std::uint64_t(ClientId)> host_of_;
  std::function<bool(ClientId)> is_here_;
  Observer observer_;
  Items items_;
  MeterHub meters_;
  Hosts hosts_;  ///< outlives the clients
  std::vector<std::unique_ptr<Client>> clients_;
  std::unordered_map<ClientId, Client*> by_id_;
  std::size_t next_served_ = 0;
  std::int64_t next_readouts_ms_ = 0;
};

}  // namespace fohd::clients
