// Datagrams that have been read and not yet looked at, kept apart by the machine they came from. Machines take turns,
// so one that floods waits for its own packets only. Where it sends faster than it is served, its oldest give way: the
// latest count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

namespace fohd {

/// [control]
class FairQueue {
 public:
  /// A burst of 250,000 small messages from one machine fits (60 bytes each, with what is kept beside them).
  static constexpr std::size_t kBytesPerHost = 16u << 20, kBytesInAll = 64u << 20;
  /// Machines with a turn of their own, four times a /24. More at once are forged addresses, and share one turn.
  static constexpr std::size_t kMostHosts = 1024;

  struct Packet {
    std::uint64_t client = 0;
    std::uint32_t interface = 0;       ///< the kernel's number of the network interface
    std::span<const std::byte> bytes;  ///< valid until the next call
  };

  explicit FairQueue(std::size_t bytes_per_host = kBytesPerHost, std::size_t bytes_in_all = kBytesInAll)
      : bytes_per_host_(bytes_per_host), bytes_in_all_(bytes_in_all) {}

  void push(std::uint64_t host, std::uint64_t client, std::uint32_t interface, std::span<const std::byte> bytes) {
    const std::size_t size = sizeof(Head) + bytes.size();
    if (fifos_.size() >= kMostHosts && !fifos_.contains(host)) host = kOthers;
    Fifo& fifo = fifos_[host];
    if (!fifo.has_turn) turns_.push_back(host);
    fifo.has_turn = true;
    while (!fifo.empty() && fifo.bytes() + size > bytes_per_host_) drop(fifo);
    while (bytes_ + size > bytes_in_all_ && bytes_ > 0) drop(largest());
    fifo.push({client, interface, static_cast<std::uint32_t>(bytes.size())}, bytes);
    bytes_ += size;
  }

  bool empty() const noexcept { return bytes_ == 0; }
  /// The next packet of the machine whose turn it is. Not when empty.
  Packet pop() {
    for (;;) {
      const std::uint64_t host = turns_.front();
      turns_.pop_front();
      forget(spent_);
      Fifo& fifo = fifos_[host];
      fifo.has_turn = false;
      spent_ = host;
      if (fifo.empty()) continue;  // all it had gave way
      const Packet packet = fifo.front();
      bytes_ -= sizeof(Head) + packet.bytes.size();
      fifo.pop();
      if (!fifo.empty()) turns_.push_back(host);
      fifo.has_turn = !fifo.empty();
      return packet;
    }
  }
  /// Since the start: packets that gave way to later ones.
  std::uint64_t dropped() const noexcept { return dropped_; }
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t hosts() const noexcept { return fifos_.size(); }
  void clear() { *this = FairQueue(bytes_per_host_, bytes_in_all_); }

 private:
  static constexpr std::uint64_t kOthers = ~std::uint64_t{0};
  struct Head {
    std::uint64_t client = 0;
    std::uint32_t interface = 0, size = 0;
  };
  /// Packets one behind the other in one block of memory.
  class Fifo {
   public:
    bool empty() const noexcept { return head_ == data_.size(); }
    std::size_t bytes() const noexcept { return data_.size() - head_; }
    void push(const Head& head, std::span<const std::byte> bytes) {
      if (head_ > data_.size() / 2) {  // moved at most once a byte
        data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
      }
      const auto* raw = reinterpret_cast<const std::byte*>(&head);
      data_.insert(data_.end(), raw, raw + sizeof head);
      data_.insert(data_.end(), bytes.begin(), bytes.end());
    }
    Packet front() const {
      Head head;
      std::memcpy(&head, data_.data() + head_, sizeof head);
      return {head.client, head.interface, {data_.data() + head_ + sizeof head, head.size}};
    }
    void pop() { head_ += sizeof(Head) + front().bytes.size(); }
    bool has_turn = false;

   private:
    std::vector<std::byte> data_;
    std::size_t head_ = 0;
  };

  void drop(Fifo& fifo) {
    bytes_ -= sizeof(Head) + fifo.front().bytes.size();
    fifo.pop();
    ++dropped_;
  }
  Fifo& largest() {
    auto most = fifos_.begin();
    for (auto at = fifos_.begin(); at != fifos_.end(); ++at) {
      if (at->second.bytes() > most->second.bytes()) most = at;
    }
    return most->second;
  }
  /// What pop() handed out last is not needed any more, nor is its machine's memory, unless it has sent more meanwhile.
  void forget(std::uint64_t host) {
    const auto at = fifos_.find(host);
    if (at != fifos_.end() && at->second.empty()) fifos_.erase(at);
  }

  std::size_t bytes_per_host_, bytes_in_all_;
  std::unordered_map<std::uint64_t, Fifo> fifos_;
  std::deque<std::uint64_t> turns_;  ///< each machine with packets, once
  std::uint64_t spent_ = kOthers;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace fohd
