#include "control/clients/clients.h"

#include <algorithm>

namespace fohd::clients {

Clients::Clients(Desk& desk, const DeskStatus& status, Origin::Side side, const Quotas& quotas,
                 std::function<std::uint64_t(ClientId)> host_of)
    : desk_(desk),
      side_(side),
      quotas_(quotas),
      host_of_(host_of),
      items_(desk, status),
      meters_(desk.geometry(), status),
      hosts_(std::move(host_of)) {
  desk_.attach(observer_);
}

Client* Clients::find(ClientId client) const {
  const auto at = by_id_.find(client);
  return at == by_id_.end() ? nullptr : at->second;
}

Client* Clients::hear(ClientId client, std::int64_t now_ms) {
  Client* const known = find(client);
  if (known == nullptr) return nullptr;
  known->heard_again = true;
  known->lease_ms = known->asked_lease_ms;
  known->expires_ms = now_ms + known->lease_ms;
  return known;
}

std::string Clients::why_no_place(ClientId client) const {
  if (find(client) != nullptr) return "";
  if (host_of_) {
    const std::uint64_t host = host_of_(client);
    const auto there =
        std::count_if(clients_.begin(), clients_.end(), [&](const auto& other) { return host_of_(other->id) == host; });
    if (static_cast<std::size_t>(there) >= quotas_.most_clients_per_host) {
      return "all " + std::to_string(quotas_.most_clients_per_host) +
             " places of one machine are taken; one is free again when a program on it leaves or its lease runs out";
    }
  }
  if (clients_.size() < quotas_.most_clients) return "";
  return "all " + std::to_string(quotas_.most_clients) +
         " places are taken; one is free again when a client leaves or its lease runs out";
}

Client& Clients::admit(ClientId client, std::int64_t now_ms) {
  if (Client* known = find(client)) return *known;
  clients_.push_back(std::make_unique<Client>(client, hosts_.host(client, now_ms), items_.size()));
  Client& admitted = *clients_.back();
  by_id_[client] = &admitted;
  admitted.lease_ms = admitted.asked_lease_ms = std::int64_t{quotas_.default_lease_s} * 1000;
  admitted.expires_ms = now_ms + admitted.lease_ms;
  return admitted;
}

void Clients::remove(ClientId client, std::int64_t now_ms) {
  Client* const leaving = find(client);
  if (leaving == nullptr) return;
  leaving->host.touched_ms = now_ms;  // a client that returns at once finds the machine's allowances as they were
  stop_meters(*leaving, -1);
  by_id_.erase(client);
  std::erase_if(clients_, [leaving](const auto& other) { return other.get() == leaving; });
}

std::vector<ClientId> Clients::expired(std::int64_t now_ms) const {
  std::vector<ClientId> gone;
  for (const auto& client : clients_) {
    if (now_ms >= client->expires_ms) gone.push_back(client->id);
  }
  return gone;
}

void Clients::subscribe(Client& client, BitSet wanted, bool echo, int lease_s, std::int64_t now_ms) {
  client.own.clear();
  client.queue.clear();
  client.subscribed = std::move(wanted);
  client.queue.owe_state(client.subscribed);
  client.says_synced = true;
  client.wants_values = true;
  client.echo = echo;
  client.sequence = 0;
  client.asked_lease_ms = std::int64_t{lease_s} * 1000;
  client.lease_ms = client.heard_again ? client.asked_lease_ms : std::int64_t{quotas_.default_lease_s} * 1000;
  client.expires_ms = now_ms + client.lease_ms;
}

void Clients::watch_meters(Client& client, const MeterView& view, std::int64_t now_ms) {
  std::optional<MeterView>& watched = client.meters[static_cast<std::size_t>(view.group)];
  if (watched == view) return;  // a repeat changes nothing: it costs no peak
  stop_meters(client, view.group);
  meters_.join(view, now_ms);
  watched = view;
}

void Clients::stop_meters(Client& client, int group) {
  for (int each = 0; each < kMeterGroups; ++each) {
    if (group >= 0 && each != group) continue;
    std::optional<MeterView>& watched = client.meters[static_cast<std::size_t>(each)];
    if (watched) meters_.leave(*watched);
    watched.reset();
  }
}

void Clients::note_own(Client& client, std::span<const ParameterId> touched, std::span<const ParameterId> kept,
                       std::span<const ParameterId> overruled) {
  for (const ParameterId id : touched) {
    client.own.erase(id);
    if (client.echo && client.subscribed.contains(id)) client.queue.change(id);
  }
  if (client.echo) return;
  for (const ParameterId id : kept) client.own.insert(id);
  for (const ParameterId id : overruled) {
    if (client.subscribed.contains(id)) client.queue.change(id);
  }
}

void Clients::collect(std::int64_t now_ms) {
  if (!observer_.dirty.empty()) {
    for (const auto& client : clients_) {
      if (!client->wants_values) continue;
      for (const ParameterId id : observer_.dirty.ids()) {
        if (!client->subscribed.contains(id)) continue;
        const bool by_itself = desk_.last_origin(id) == origin_of(client->id);
        if (!(by_itself && client->own.contains(id))) client->queue.change(id);
      }
      client->own.clear();
    }
    observer_.dirty.clear();
  }
  if (now_ms < next_readouts_ms_) return;
  next_readouts_ms_ = now_ms + quotas_.readout_interval_ms;
  const bool heard = std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->wants_values; });
  if (!heard) return;
  for (const ItemId item : items_.changed_readouts()) {
    for (const auto& client : clients_) {
      if (client->wants_values && client->subscribed.contains(item)) client->queue.change(item);
    }
  }
}

}  // namespace fohd::clients
