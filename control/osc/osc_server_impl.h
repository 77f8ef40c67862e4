// The inside of OscServer. One packet goes through three steps: its frame is proven (osc_packet), every message is
// planned without touching anything (osc_plan.cpp), then all is carried out or nothing (osc_server.cpp). Requests that
// are about the conversation itself (/subscribe and its like) are in osc_verbs.cpp, what subscribers get in
// osc_updates.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/clients/clients.h"
#include "control/commands/commands.h"
#include "control/osc/osc_hints.h"
#include "control/osc/osc_meters.h"
#include "control/osc/osc_outbox.h"
#include "control/osc/osc_packet.h"
#include "control/osc/osc_server.h"
#include "control/readouts/readouts.h"

namespace fohd {

namespace osc {

using clients::Allowance;
using clients::Client;
using clients::ErrorWindow;
using clients::ItemId;
using clients::kMeterGroups;
using clients::kMeterIntervalsMs;
using clients::Pool;
using clients::UpdateQueue;

/// What this door grants (control/clients/clients.h).
inline constexpr clients::Quotas kQuotas = {};
inline constexpr int kMaxLeaseS = 3600;
/// Values in one packet.
inline constexpr int kStrangerValuesPerPacket = 256, kSubscriberValuesPerPacket = 4096;
/// Requests such as /info in one packet: /subscribe, /info and all groups of meters fit twice. And as many commands.
inline constexpr std::size_t kVerbsPerPacket = 16;
/// What the two long answers count as, by their size: a value is 30 to 50 bytes, /info 150, /counters 350.
inline constexpr std::size_t kInfoAsValues = 4, kCountersAsValues = 8;
/// Prefixes and patterns in one /subscribe.
inline constexpr std::size_t kMaxFilters = 16;
/// Room kept in every bundle for the element "/synced ,i".
inline constexpr std::size_t kSyncedBytes = 4 + 8 + 4 + 4;
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
  int lease_s = kQuotas.default_lease_s;
  std::vector<std::string> filters;
  int group = -1;  ///< -1: all
  int interval_ms = 0;
  std::optional<int> argument = {};  ///< from 1
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
  std::size_t commands = 0;
  bool changes_rights = false;
  void clear() {
    changes.clear(), steps.clear(), items.clear(), values.clear(), verbs.clear();
    commands = 0;
    changes_rights = false;
  }
};

/// Why something was refused.
struct Refusal {
  std::string address, reason;
};

}  // namespace osc

class OscServer::Impl {
 public:
  Impl(Desk& desk, const DeskStatus& status, CommandSink& commands, OscServerInfo info);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void receive(ClientId from, osc::Bytes bytes, std::int64_t now_ms, std::uint64_t ntp_now);
  void tick(std::int64_t now_ms);
  void meters(const MeterFrame& frame, std::int64_t now_ms);
  void drain(const std::function<bool(const OutgoingPacket&)>& send);
  bool has_lease(ClientId client) const;
  bool tell(ClientId to, const std::string& address, std::span<const Value> values);
  void report_gone(ClientId client, std::int64_t now_ms);
  void drop_client(ClientId client);
  void drop_clients(const std::function<bool(ClientId)>& which);
  std::size_t client_count() const noexcept { return clients_.all().size(); }
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
  Client* find(ClientId client) const { return clients_.find(client); }

  // osc_verbs.cpp
  void run_verb(ClientId from, const osc::VerbRequest& request);
  void tell_info(ClientId to);
  void tell_counters(ClientId to);
  void subscribe(ClientId from, const osc::VerbRequest& request);
  void set_meters(ClientId from, const osc::VerbRequest& request);
  /// Refuses if not.
  bool has_place(ClientId from, std::string_view verb);
  /// The client, made if it is new; who gives way to it is told. Only after has_place().
  Client& admit(ClientId from);
  void farewell(Client& client, const char* reason);

  // osc_updates.cpp
  void flush(Client& client);
  /// Appends address and value to scratch_.
  void append_update(osc::ItemId item);

  Desk& desk_;
  const DeskStatus& status_;
  CommandSink& commands_;
  OscServerInfo info_;
  clients::Clients clients_;
  osc::Hints hints_;
  osc::Outbox outbox_;
  OscCounters counters_;
  std::int64_t now_ms_ = 0;  ///< of the call that is running

  osc::Allowance datagrams_{osc::kDatagramsPerSecond, osc::kDatagramsBurst};

  // Reused from packet to packet, so that the usual one allocates next to nothing.
  osc::Packet packet_;
  osc::Plan plan_;
  std::vector<ParameterId> echo_ids_, kept_ids_, overruled_ids_;
  std::vector<std::byte> scratch_, datagram_;
};

}  // namespace fohd
