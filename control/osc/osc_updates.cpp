// What subscribers get: the full state when they come, then every change, never more often than 50 times a second per
// address, never faster than a Wi-Fi takes, and always the last value.
#include <algorithm>

#include "control/osc/osc_server_impl.h"

namespace fohd {

void OscServer::Impl::tick(std::int64_t now_ms) {
  now_ms_ = now_ms;
  for (std::size_t i = clients_.size(); i-- > 0;) {
    Client& client = *clients_[i];
    if (now_ms < client.expires_ms) continue;
    ++counters_.expired;
    farewell(client, "the lease ran out: nothing was heard from this client for too long");
  }
  distribute();
  poll_readouts(now_ms);
  // A socket that takes nothing gets nothing new: values go on being coalesced instead of growing old in a queue.
  if (outbox_.congested() || clients_.empty()) return;
  const std::size_t count = clients_.size();
  const std::size_t start = next_served_ % count;
  for (std::size_t i = 0; i < count; ++i) {
    Client& client = *clients_[(start + i) % count];
    if (now_ms < client.next_flush_ms || client.queue.empty()) continue;
    if (!outbox_.has_room(client.id, osc::kDatagramsPerFlush * kMaxDatagramBytes)) continue;  // too many answers wait
    if (!datagrams_.in_credit(now_ms)) {
      next_served_ = (start + i) % count;  // first in line next time
      return;
    }
    flush(client);
  }
}

void OscServer::Impl::distribute() {
  if (observer_.dirty.empty()) return;
  for (const auto& client : clients_) {
    if (!client->wants_values) continue;
    for (const ParameterId id : observer_.dirty.ids()) {
      if (!client->subscribed.contains(id)) continue;
      const Origin& origin = desk_.last_origin(id);
      const bool by_itself = origin.side == Origin::Side::osc && origin.client == client->id;
      if (!(by_itself && client->own.contains(id))) client->queue.change(id);
    }
    client->own.clear();
  }
  observer_.dirty.clear();
}

void OscServer::Impl::poll_readouts(std::int64_t now_ms) {
  if (now_ms < next_readouts_ms_) return;
  next_readouts_ms_ = now_ms + osc::kReadoutIntervalMs;
  const bool heard = std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->wants_values; });
  if (!heard) return;
  for (ReadoutId id = 0; id < readouts_.size(); ++id) {
    Value value = readouts_.read(desk_.settings(), status_, id);
    if (value == readout_values_[id]) continue;
    readout_values_[id] = std::move(value);
    const osc::ItemId item = item_of(id);
    for (const auto& client : clients_) {
      if (client->wants_values && client->subscribed.contains(item)) client->queue.change(item);
    }
  }
}

/// Bundles of {/seq, update, update ...} until the queue or the client's share is used up.
void OscServer::Impl::flush(Client& client) {
  client.next_flush_ms = now_ms_ + osc::kFlushIntervalMs;
  using First = osc::UpdateQueue::First;
  int datagrams = 0;
  const auto append_element = [this] {
    osc::append_be32(datagram_, static_cast<std::uint32_t>(scratch_.size()));
    datagram_.insert(datagram_.end(), scratch_.begin(), scratch_.end());
  };
  const auto build = [this](osc::MessageBuilder& message, const char* address) {
    scratch_.clear();
    message.append_to(scratch_, address);
  };
  while (!client.queue.empty() && datagrams < osc::kDatagramsPerFlush) {
    datagram_.clear();
    osc::append_bundle_header(datagram_);
    osc::MessageBuilder sequence;
    sequence.add(++client.sequence);
    build(sequence, "/seq");
    append_element();
    const bool state_first = datagrams >= osc::kDatagramsPerFlush - osc::kStateDatagramsPerFlush;
    while (!client.queue.empty()) {
      scratch_.clear();
      const osc::ItemId item = client.queue.front(state_first ? First::state : First::changes);
      append_update(item);
      if (datagram_.size() + 4 + scratch_.size() > kMaxDatagramBytes - osc::kSyncedBytes) break;
      append_element();
      client.queue.pop(item);
    }
    if (client.says_synced && !client.queue.owes_state()) {
      client.says_synced = false;
      osc::MessageBuilder synced;
      synced.add(static_cast<std::int32_t>(client.subscribed.count()));
      build(synced, "/synced");
      append_element();
    }
    outbox_.push(client.id, datagram_);
    datagrams_.charge(1, now_ms_);
    ++datagrams;
  }
}

void OscServer::Impl::append_update(osc::ItemId item) {
  osc::MessageBuilder message;
  message.add(item_value(item));
  message.append_to(scratch_, item_address(item).c_str());
}

const std::string& OscServer::Impl::item_address(osc::ItemId item) const {
  const std::size_t parameters = desk_.table().size();
  return item < parameters ? desk_.table()[item].address : readouts_[static_cast<ReadoutId>(item - parameters)].address;
}

Value OscServer::Impl::item_value(osc::ItemId item) const {
  const std::size_t parameters = desk_.table().size();
  if (item >= parameters) {
    return readouts_.read(desk_.settings(), status_, static_cast<ReadoutId>(item - parameters));
  }
  Value value = desk_.get(item);
  const ParameterRow& row = *desk_.table()[item].row;
  if (row.kind != Kind::enumeration) return value;
  return std::string(row.names[static_cast<std::size_t>(std::get<std::int32_t>(value))]);
}

void OscServer::Impl::meters(const MeterFrame& frame, std::int64_t now_ms) {
  now_ms_ = now_ms;
  meters_.take(frame, status_);
  if (outbox_.congested()) return;  // maxima go on being kept
  std::vector<std::vector<std::byte>> datagrams;
  for (int rate = 0; rate < static_cast<int>(osc::kMeterIntervalsMs.size()); ++rate) {
    for (int group = 0; group < osc::kMeterGroups; ++group) {
      if (!meters_.due(rate, group, now_ms)) continue;
      meters_.encode(rate, group, datagrams);
      for (const auto& client : clients_) {
        if (client->meter_rate[static_cast<std::size_t>(group)] != rate + 1) continue;
        for (const auto& datagram : datagrams) outbox_.push(client->id, datagram);
      }
    }
  }
}

}  // namespace fohd
