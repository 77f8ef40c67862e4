#include "control/osc/osc_server.h"

#include <algorithm>

#include "control/osc/osc_server_impl.h"

namespace fohd {
namespace {

std::vector<std::string_view> all_addresses(const ParameterTable& table, const ReadoutTable& readouts) {
  std::vector<std::string_view> all;
  for (ParameterId id = 0; id < table.size(); ++id) all.emplace_back(table[id].address);
  for (ReadoutId id = 0; id < readouts.size(); ++id) all.emplace_back(readouts[id].address);
  for (const CommandRow& row : command_rows()) {
    if (row.path.find('#') == std::string_view::npos) all.push_back(row.path);
  }
  for (const std::string_view verb : osc::verb_addresses()) all.push_back(verb);
  return all;
}

/// Whether a value as a client sent it equals what the desk holds now.
bool same(const ParameterRow& row, const Value& sent, const Value& now) {
  if (sent == now) return true;
  const auto* whole = std::get_if<std::int32_t>(&now);
  if (const auto* text = std::get_if<std::string>(&sent)) {
    if (whole == nullptr) return false;
    if (row.kind == Kind::boolean) return *text == (*whole != 0 ? "on" : "off");
    const auto index = static_cast<std::size_t>(*whole);
    return index < row.names.size() && row.names[index] == *text;
  }
  if (std::holds_alternative<std::string>(now)) return false;
  return number_in(sent) == number_in(now);
}

}  // namespace

OscServer::Impl::Impl(Desk& desk, const DeskStatus& status, CommandSink& commands, OscServerInfo info)
    : desk_(desk),
      status_(status),
      commands_(commands),
      info_(std::move(info)),
      clients_(desk, status, Origin::Side::osc, osc::kQuotas, info_.client_host, info_.client_is_here),
      hints_(all_addresses(desk.table(), clients_.items().readouts())) {}

void OscServer::Impl::receive(ClientId from, osc::Bytes bytes, std::int64_t now_ms, std::uint64_t ntp_now) {
  now_ms_ = now_ms;
  ++counters_.packets;
  const char* malformed =
      bytes.size() > kMaxPacketBytes ? "longer than a datagram can be" : osc::check_packet(bytes, packet_);
  if (malformed != nullptr) {
    ++counters_.malformed;
    refuse(from, packet_.error_address, std::string("malformed packet: ") + malformed);
    return;
  }
  counters_.messages += packet_.messages.size();
  Client* client = clients_.hear(from, now_ms);
  if (ntp_now != 0 && packet_.latest_time_tag > ntp_now && packet_.latest_time_tag - ntp_now > osc::kMaxAhead) {
    refuse(from, "#bundle", "its time tag is more than 10 s ahead; nothing was changed");
    return;
  }
  plan_.clear();
  Refused refused;
  for (const osc::MessageView& message : packet_.messages) {
    refused = plan(message, from, client);
    if (refused) break;
  }
  if (!refused && plan_.changes_rights && !plan_.changes.empty()) {
    refused = osc::Refusal{"#bundle", "/login and /logout change what the rest of the packet may: send them alone"};
  }
  // A command is carried out between the changes around it, so these are proven before the first is applied.
  if (!refused && plan_.commands > 0) refused = find_bad_change(from, 0, plan_.changes.size());
  if (refused) {
    refuse(from, refused->address, refused->reason, packet_.is_bundle ? " (nothing of its bundle was applied)" : "");
    return;
  }
  carry_out(from, client, packet_.is_bundle);
}

void OscServer::Impl::carry_out(ClientId from, Client* client, bool is_bundle) {
  std::size_t applied = 0;
  if (plan_.commands > 0) {
    for (const osc::Step& step : plan_.steps) {
      if (step.what != osc::Step::What::command) continue;
      if (!apply(from, client, applied, step.changes_before, is_bundle)) return;
      applied = step.changes_before;
      run_command(from, step);
      client = find(from);  // it may have taken its own rights, and lease, away
    }
  }
  if (!apply(from, client, applied, plan_.changes.size(), is_bundle)) return;
  for (const osc::Step& step : plan_.steps) {
    if (step.what == osc::Step::What::verb) run_verb(from, plan_.verbs[step.verb]);
    if (step.what != osc::Step::What::get) continue;
    for (std::size_t i = step.first; i < step.end; ++i) {
      scratch_.clear();
      append_update(plan_.items[i]);
      if (!outbox_.push(from, scratch_)) ++counters_.answers_dropped;
    }
  }
}

bool OscServer::Impl::apply(ClientId from, Client* client, std::size_t first, std::size_t end, bool is_bundle) {
  if (first == end) return true;
  const std::span<const Change> changes(plan_.changes.data() + first, end - first);
  const bool hears = client != nullptr && client->wants_values;
  std::string error;
  echo_ids_.clear();
  if (desk_.apply(clients_.origin_of(from), changes, error, hears ? &echo_ids_ : nullptr)) {
    counters_.sets += changes.size();
    if (hears) note_own(*client, changes);
    return true;
  }
  osc::Refusal refusal{is_bundle ? "#bundle" : desk_.table()[changes.front().id].address, std::move(error)};
  if (Refused bad = find_bad_change(from, first, end)) refusal = *std::move(bad);
  if (is_bundle) refusal.reason += " (nothing of its bundle was applied)";
  refuse(from, refusal.address, refusal.reason);
  return false;
}

void OscServer::Impl::note_own(Client& client, std::span<const Change> changes) {
  kept_ids_.clear(), overruled_ids_.clear();
  for (const Change& change : changes) {
    // Clamped, or overruled by a rule: not what it sent, so it needs an update.
    const bool kept = same(*desk_.table()[change.id].row, change.value, desk_.get(change.id));
    (kept ? kept_ids_ : overruled_ids_).push_back(change.id);
  }
  clients_.note_own(client, echo_ids_, kept_ids_, overruled_ids_);
}

void OscServer::Impl::run_command(ClientId from, const osc::Step& step) {
  std::string error;
  const std::span<const Value> arguments(plan_.values.data() + step.first, step.end - step.first);
  if (!commands_.execute(step.command, clients_.origin_of(from), arguments, error)) {
    refuse(from, address_of(step.command), error);
  }
}

void OscServer::Impl::refuse(ClientId to, std::string_view address, std::string_view reason, std::string_view remark) {
  ++counters_.refused;
  using Verdict = osc::ErrorWindow::Verdict;
  Client* client = find(to);
  const Verdict verdict = client != nullptr ? client->errors.count(now_ms_) : clients_.hosts().count_error(to, now_ms_);
  if (verdict != Verdict::tell) ++counters_.errors_withheld;
  if (verdict == Verdict::tell_limit) {
    say_error(to, "", "more errors than 10 a second are counted, not told; see /counters");
  } else if (verdict == Verdict::tell) {
    // Finding what was probably meant costs a search of all addresses: only for an answer that is sent.
    say_error(to, address, (reason.empty() ? hints_.about(address) : std::string(reason)) + std::string(remark));
  }
}

void OscServer::Impl::say_error(ClientId to, std::string_view address, std::string_view reason) {
  osc::MessageBuilder message;
  // A reason quotes at most a few hundred bytes; this is for the datagram limit's sake only.
  message.add(std::string(address)).add(std::string(reason.substr(0, 1000)));
  send(to, message, "/error");
}

void OscServer::Impl::send(ClientId to, const osc::MessageBuilder& message, const char* address) {
  scratch_.clear();
  message.append_to(scratch_, address);
  if (!outbox_.push(to, scratch_)) ++counters_.answers_dropped;
}

bool OscServer::Impl::tell(ClientId to, const std::string& address, std::span<const Value> values) {
  constexpr std::size_t kBytesAsValue = 128;
  osc::MessageBuilder message;
  constexpr std::size_t kMostText = 1000;  // for the datagram limit's sake
  for (const Value& value : values) {
    const auto* text = std::get_if<std::string>(&value);
    text != nullptr ? message.add(text->substr(0, kMostText)) : message.add(value);
  }
  scratch_.clear();
  message.append_to(scratch_, address.c_str());
  if (!may_ask(1 + scratch_.size() / kBytesAsValue, to, find(to))) return false;
  if (outbox_.push(to, scratch_)) return true;
  ++counters_.answers_dropped;
  return false;
}

std::vector<ClientId> OscServer::Impl::clients() const {
  std::vector<ClientId> ids;
  for (const auto& client : clients_.all()) ids.push_back(client->id);
  return ids;
}

void OscServer::Impl::drop_client(ClientId client) {
  outbox_.forget(client);
  clients_.remove(client, now_ms_);
}

bool OscServer::Impl::has_lease(ClientId client) const {
  const Client* const known = find(client);
  return known != nullptr && known->heard_again;
}

void OscServer::Impl::drain(const std::function<bool(const OutgoingPacket&)>& send) {
  counters_.sent += outbox_.drain([&](const OutgoingPacket& packet) {
    return send({packet.to, packet.bytes, has_lease(packet.to)});
  });
}

void OscServer::Impl::drop_clients(const std::function<bool(ClientId)>& which) {
  std::vector<ClientId> gone;
  for (const auto& client : clients_.all()) {
    if (which(client->id)) gone.push_back(client->id);
  }
  for (const ClientId client : gone) drop_client(client);
  clients_.review(now_ms_);
}

void OscServer::Impl::report_gone(ClientId client, std::int64_t now_ms) {
  now_ms_ = now_ms;
  Client* const known = find(client);
  if (known == nullptr || known->asked_lease_ms > std::int64_t{osc::kQuotas.default_lease_s} * 1000) return;
  outbox_.forget(client);
  ++counters_.reported_gone;
  farewell(*known, "the network says that no program listens here any more; /subscribe if one does");
}

OscServer::OscServer(Desk& desk, const DeskStatus& status, CommandSink& commands, OscServerInfo info)
    : impl_(std::make_unique<Impl>(desk, status, commands, std::move(info))) {}
OscServer::~OscServer() = default;

void OscServer::receive(ClientId from, std::span<const std::byte> packet, std::int64_t now_ms, std::uint64_t ntp_now) {
  impl_->receive(from, packet, now_ms, ntp_now);
}
void OscServer::tick(std::int64_t now_ms) { impl_->tick(now_ms); }
void OscServer::meters(const MeterFrame& frame, std::int64_t now_ms) { impl_->meters(frame, now_ms); }
void OscServer::drain(const std::function<bool(const OutgoingPacket&)>& send) { impl_->drain(send); }
bool OscServer::tell(ClientId client, const std::string& address, std::span<const Value> values) {
  return impl_->tell(client, address, values);
}
void OscServer::report_gone(ClientId client, std::int64_t now_ms) { impl_->report_gone(client, now_ms); }
void OscServer::drop_client(ClientId client) { impl_->drop_client(client); }
bool OscServer::has_lease(ClientId client) const { return impl_->has_lease(client); }
void OscServer::drop_clients(const std::function<bool(ClientId)>& which) { impl_->drop_clients(which); }
std::size_t OscServer::subscriber_count() const noexcept { return impl_->client_count(); }
std::vector<ClientId> OscServer::subscribers() const { return impl_->clients(); }
const OscCounters& OscServer::counters() const noexcept { return impl_->counters(); }

}  // namespace fohd
