// What subscribers get: the full state when they come, then every change, never more often than 50 times a second per
// address, never faster than a Wi-Fi takes, and always the last value.
#include <algorithm>

#include "control/osc/osc_server_impl.h"

namespace fohd {

void OscServer::Impl::tick(std::int64_t now_ms) {
  now_ms_ = now_ms;
  for (const ClientId client : clients_.expired(now_ms)) {
    ++counters_.expired;
    farewell(*find(client), "the lease ran out: nothing was heard from this client for too long");
  }
  clients_.collect(now_ms);
  // A socket that takes nothing gets nothing new: values go on being coalesced instead of growing old in a queue.
  if (outbox_.congested()) return;
  clients_.serve(now_ms, [&](Client& client) {
    const bool has_room = outbox_.has_room(client.id, osc::kDatagramsPerFlush * kMaxDatagramBytes);
    if (!has_room) return true;  // too many answers to this one wait
    if (!datagrams_.in_credit(now_ms)) return false;
    flush(client);
    return true;
  });
}

/// Bundles of {/seq, update, update ...} until the queue or the client's share is used up.
void OscServer::Impl::flush(Client& client) {
  client.next_flush_ms = now_ms_ + clients_.quotas().flush_interval_ms;
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
  message.add(clients_.items().value(item));
  message.append_to(scratch_, clients_.items().address(item).c_str());
}

void OscServer::Impl::meters(const MeterFrame& frame, std::int64_t now_ms) {
  now_ms_ = now_ms;
  clients::MeterHub& hub = clients_.meters();
  hub.take(frame);
  if (outbox_.congested()) return;  // maxima go on being kept
  std::vector<std::vector<std::byte>> datagrams;
  hub.each_due(now_ms, [&](const clients::MeterView& view, std::span<const std::int16_t> values) {
    const auto group = static_cast<std::size_t>(view.group);
    osc::encode_meters(view.group, values, clients::kMeterGroupTable[group].columns.size(), datagrams);
    for (const auto& client : clients_.all()) {
      if (client->meters[group] != view) continue;
      for (const auto& datagram : datagrams) outbox_.push(client->id, datagram);
    }
  });
}

}  // namespace fohd
