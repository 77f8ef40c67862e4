// The inside of OscServer. One packet goes through three steps: its frame is proven (osc_packet), every message is
// planned without touching anything (osc_plan.cpp), then all is carried out or nothing (osc_server.cpp). Requests that
// are about the conversation itself (/subscribe and its like) are in osc_verbs.cpp, what subscribers get in
// osc_updates.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/commands/commands.h"
#include "control/osc/osc_client.h"
#include "control/osc/osc_hints.h"
#include "control/osc/osc_meters.h"
#include "control/osc/osc_outbox.h"
#include "control/osc/osc_packet.h"
#include "control/osc/osc_server.h"
#include "control/readouts/readouts.h"

namespace fohd {

namespace osc {

/// Places for subscribers; each costs up to 1 MB/s of a Wi-Fi while it is given the full state.
inline constexpr std::size_t kMaxClients = 64;
/// Of these for one machine, so that no single one keeps the others out.
inline constexpr std::size_t kMaxClientsPerHost = 16;
inline constexpr int kDefaultLeaseS = 10, kMaxLeaseS = 3600;
/// Prefixes and patterns in one /subscribe.
inline constexpr std::size_t kMaxFilters = 16;
/// 50 updates a second for one address: two flushes of a client are at least this far apart.
inline constexpr std::int64_t kFlushIntervalMs = 20;
/// Room kept in every bundle for the element "/synced ,i".
inline constexpr std::size_t kSyncedBytes = 4 + 8 + 4 + 4;
/// Read-outs are compared this often; they are for display.
inline constexpr std::int64_t kReadoutIntervalMs = 50;
/// One client gets at most 12 datagrams (16.8 kB) per flush, 6.7 Mbit/s: the full state of the default desk in 0.2 s,
/// and a Wi-Fi at its worst 1 Mbit/s basic rate is slow, but not blocked for long.
inline constexpr int kDatagramsPerFlush = 12;
/// Of these, what a full state that is on its way has for itself while changes would take everything: the state of the
/// default desk then needs 0.7 s.
inline constexpr int kStateDatagramsPerFlush = 3;
/// All clients together: 4,800 datagrams/s, 54 Mbit/s.
inline constexpr double kDatagramsPerSecond = 4800, kDatagramsBurst = 96;
/// Changes that one packet may request once its patterns are spread out: `/ch/*/send/*/on` on the largest desk is
/// 8,192. Bounds memory (48 bytes each).
inline constexpr std::size_t kMaxChangesPerPacket = 32768;
/// Time tags further ahead are refused (docs/DESIGN.md, "The OSC namespace"), in units of 2^-32 s.
inline constexpr std::uint64_t kMaxAhead = std::uint64_t{10} << 32;

enum class Verb : std::uint8_t { info, counters, subscribe, unsubscribe, renew, resync, meters };

/// A request about the conversation, its arguments parsed.
struct VerbRequest {
  Verb verb = Verb::info;
  bool echo = false;
  int lease_s = kDefaultLeaseS;
  std::vector<std::string> filters;
  int group = -1;  ///< -1: all
  int interval_ms = 0;
};

std::optional<Verb> find_verb(std::string_view address) noexcept;
std::span<const std::string_view> verb_addresses() noexcept;
/// Parses a request. Returns the reason if it is not one.
std::string parse_verb(Verb verb, const MessageView& message, VerbRequest& request);

/// What carrying out a planned message means. Ranges are places in the plan's lists.
struct Step {
  enum class What : std::uint8_t { get, command, verb } what = What::get;
  std::size_t first = 0, end = 0;  ///< get: items; command: values
  std::size_t changes_before = 0;  ///< how many changes come before it
  CommandCall command = {};
  std::size_t verb = 0;
};

struct Plan {
  std::vector<Change> changes;
  std::vector<Step> steps;
  std::vector<ItemId> items;
  std::vector<Value> values;
  std::vector<VerbRequest> verbs;
  bool has_command = false;
  bool changes_rights = false;
  void clear() {
    changes.clear(), steps.clear(), items.clear(), values.clear(), verbs.clear();
    has_command = changes_rights = false;
  }
};

/// Why something was refused.
struct Refusal {
  std::string address, reason;
};

}  // namespace osc

class OscServer::Impl {
 public:
  Impl(Desk& desk, DeskStatus& status, CommandSink& commands, OscServerInfo info);
  ~Impl() { desk_.detach(observer_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void receive(ClientId from, osc::Bytes bytes, std::int64_t now_ms, std::uint64_t ntp_now);
  void tick(std::int64_t now_ms);
  void meters(const MeterFrame& frame, std::int64_t now_ms);
  void clear_clips() { meters_.clear_latches(status_); }
  void drain(const std::function<bool(const OutgoingPacket&)>& send);
  bool has_lease(ClientId client) const;
  bool tell(ClientId to, const std::string& address, const std::string& text);
  bool tell(ClientId to, const std::string& address, std::span<const Value> values);
  void drop_client(ClientId client);
  void drop_clients(const std::function<bool(ClientId)>& which);
  std::size_t client_count() const noexcept { return clients_.size(); }
  std::vector<ClientId> clients() const;
  const OscCounters& counters() const noexcept { return counters_; }

 private:
  using Client = osc::Client;
  using Refused = std::optional<osc::Refusal>;

  // osc_plan.cpp: nothing is changed here
  Refused plan(const osc::MessageView& message, ClientId from, Client* client);
  Refused plan_set(const osc::MessageView& message, std::span<const ParameterId> ids);
  Refused plan_pattern(const osc::MessageView& message, ClientId from, Client* client);
  Refused plan_command(const CommandCall& call, const osc::MessageView& message, ClientId from);
  Refused plan_get(std::string_view address, std::span<const osc::ItemId> items, ClientId from, Client* client);
  bool may_work(osc::Pool pool, ClientId from, Client* client);
  void charge_work(osc::Pool pool, ClientId from, Client* client, double work);
  bool may_ask(std::size_t values, ClientId from, Client* client);
  Refused too_much(std::string_view address, const Client* client);
  Refused refuse_unknown(std::string_view address);
  Refused find_bad_change(ClientId from, std::size_t first, std::size_t end) const;

  // osc_server.cpp
  void carry_out(ClientId from, Client* client, bool is_bundle);
  bool apply(ClientId from, Client* client, std::size_t first, std::size_t end, bool is_bundle);
  void note_own(Client& client, std::span<const Change> changes);
  void run_command(ClientId from, const osc::Step& step);
  /// An empty reason: the address is unknown. The remark comes behind it.
  void refuse(ClientId to, std::string_view address, std::string_view reason, std::string_view remark = {});
  void say_error(ClientId to, std::string_view address, std::string_view reason);
  void send(ClientId to, const osc::MessageBuilder& message, const char* address);
  Client* find(ClientId client);

  // osc_verbs.cpp
  void run_verb(ClientId from, const osc::VerbRequest& request);
  void tell_info(ClientId to);
  void tell_counters(ClientId to);
  void subscribe(ClientId from, const osc::VerbRequest& request);
  osc::BitSet items_below(const std::vector<std::string>& filters) const;
  void set_meters(ClientId from, const osc::VerbRequest& request);
  void stop_meters(Client& client, int group);
  /// Refuses if not.
  bool has_place(ClientId from, std::string_view verb);
  /// The client, made if it is new.
  Client& admit(ClientId from);
  void farewell(Client& client, const char* reason);
  void remove(Client& client);

  // osc_updates.cpp
  void distribute();
  void poll_readouts(std::int64_t now_ms);
  void flush(Client& client);
  /// Appends address and value to scratch_.
  void append_update(osc::ItemId item);

  osc::ItemId item_of(ReadoutId id) const { return static_cast<osc::ItemId>(desk_.table().size()) + id; }
  std::size_t item_count() const { return desk_.table().size() + readouts_.size(); }
  const std::string& item_address(osc::ItemId item) const;
  /// As it travels: enumerations by name.
  Value item_value(osc::ItemId item) const;

  Desk& desk_;
  DeskStatus& status_;
  CommandSink& commands_;
  OscServerInfo info_;
  ReadoutTable readouts_;
  osc::Hints hints_;
  Observer observer_;
  osc::MeterHub meters_;
  osc::Hosts hosts_;  ///< outlives the clients
  osc::Outbox outbox_;
  OscCounters counters_;
  std::int64_t now_ms_ = 0;  ///< of the call that is running

  std::vector<std::unique_ptr<Client>> clients_;
  std::unordered_map<ClientId, Client*> client_by_id_;
  std::size_t next_served_ = 0;  ///< the client that is first when datagrams are short
  osc::Allowance datagrams_{osc::kDatagramsPerSecond, osc::kDatagramsBurst};

  std::vector<Value> readout_values_;  ///< as last seen
  std::int64_t next_readouts_ms_ = 0;

  // Reused from packet to packet, so that the usual one allocates next to nothing.
  osc::Packet packet_;
  osc::Plan plan_;
  std::vector<ParameterId> echo_ids_;
  std::vector<std::byte> scratch_, datagram_;
};

}  // namespace fohd
