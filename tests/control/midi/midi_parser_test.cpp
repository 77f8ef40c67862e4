#include "control/midi/midi_parser.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace fohd;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Messages = std::vector<Bytes>;

Messages heard(MidiParser& parser, MidiBytes bytes) {
  Messages all;
  parser.feed(bytes, [&](MidiBytes message) { all.emplace_back(message.begin(), message.end()); });
  return all;
}
Messages heard(const Bytes& bytes) {
  MidiParser parser;
  return heard(parser, bytes);
}

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

struct Stream {
  Bytes bytes;
  Messages messages;  ///< what is to be heard
};

/// What a cable may carry: running status wherever it is allowed, real-time bytes between any two, song and tune
/// messages, system exclusive whole and cut.
Stream random_stream(std::mt19937& random, int count) {
  Stream stream;
  std::uint8_t running = 0;
  const auto data = [&] { return static_cast<std::uint8_t>(random() % 128); };
  const auto put = [&](std::uint8_t byte) {
    while (random() % 5 == 0) stream.bytes.push_back(static_cast<std::uint8_t>(0xF8 + random() % 8));
    stream.bytes.push_back(byte);
  };
  for (int i = 0; i < count; ++i) {
    switch (random() % 8) {
      case 0: {
        Bytes message{0xF0};
        for (unsigned n = random() % 30; n > 0; --n) message.push_back(data());
        for (const std::uint8_t byte : message) put(byte);
        running = 0;
        if (random() % 4 == 0) break;  // cut: the next byte is a status, since nothing runs
        put(0xF7);
        message.push_back(0xF7);
        stream.messages.push_back(message);
        break;
      }
      case 1: {
        // F1 and F3 have one byte of data, F2 two, the others none; they end what runs.
        const auto status = static_cast<std::uint8_t>(0xF1 + random() % 6);
        put(status);
        for (int n = status == 0xF2 ? 2 : status == 0xF1 || status == 0xF3 ? 1 : 0; n > 0; --n) put(data());
        running = 0;
        break;
      }
      default: {
        const bool runs = running != 0 && random() % 2 == 0;
        const auto status = runs ? running : static_cast<std::uint8_t>(0x80 + random() % 0x70);
        Bytes message{status, data()};
        const int kind = status >> 4;
        if (kind != 0xC && kind != 0xD) message.push_back(data());
        for (std::size_t b = runs ? 1 : 0; b < message.size(); ++b) put(message[b]);
        running = status;
        stream.messages.push_back(message);
      }
    }
  }
  return stream;
}

}  // namespace

TEST_CASE("midi parser: a status byte holds for all that follows until another one comes", "[midi][parser]") {
  CHECK(heard({0x90, 60, 100, 61, 0, 62, 5}) == Messages{{0x90, 60, 100}, {0x90, 61, 0}, {0x90, 62, 5}});
  CHECK(heard({0xC3, 1, 2, 0xD3, 3, 4}) == Messages{{0xC3, 1}, {0xC3, 2}, {0xD3, 3}, {0xD3, 4}});
  CHECK(heard({0xB0, 7, 0x90, 1, 2}) == Messages{{0x90, 1, 2}});  // the cut one is not made up
  // System exclusive and song messages end it (MIDI 1.0, "Running Status").
  CHECK(heard({0x90, 1, 2, 0xF0, 3, 0xF7, 4, 5}) == Messages{{0x90, 1, 2}, {0xF0, 3, 0xF7}});
  CHECK(heard({0x90, 1, 2, 0xF2, 3, 4, 5, 6}) == Messages{{0x90, 1, 2}});
  CHECK(heard({0x90, 1, 2, 0xF6, 5, 6}) == Messages{{0x90, 1, 2}});
}

TEST_CASE("midi parser: real-time bytes may stand anywhere and change nothing", "[midi][parser]") {
  const Bytes plain{0x90, 60, 100, 61, 0, 0xF0, 0, 0, 0x66, 0x14, 1, 0xF7, 0xE0, 1, 2, 0xC0, 5, 6};
  const Messages expected = heard(plain);
  REQUIRE(expected.size() == 6);
  for (int real_time = 0xF8; real_time <= 0xFF; ++real_time) {
    Bytes mixed;
    for (const std::uint8_t byte : plain) mixed.insert(mixed.end(), {static_cast<std::uint8_t>(real_time), byte});
    CAPTURE(real_time);
    CHECK(heard(mixed) == expected);
  }
}

TEST_CASE("midi parser: an exclusive that is cut by any status byte is not delivered, what cut it is",
          "[midi][parser]") {
  for (int status = 0x80; status < 0xF0; ++status) {
    const auto byte = static_cast<std::uint8_t>(status);
    Bytes bytes{0xF0, 1, 2, byte, 3};
    Bytes expected{byte, 3};
    if (midi_data_bytes(byte) == 2) bytes.push_back(4), expected.push_back(4);
    bytes.push_back(0xF7);  // of nothing
    CAPTURE(status);
    CHECK(heard(bytes) == Messages{expected});
  }
  CHECK(heard({0xF0, 1, 2, 0xF0, 3, 0xF7}) == Messages{{0xF0, 3, 0xF7}});
  for (std::uint8_t status = 0xF1; status <= 0xF6; ++status) {
    CHECK(heard({0xF0, 1, 2, status, 3, 0xF7, 0x90, 5, 6}) == Messages{{0x90, 5, 6}});
  }
}

TEST_CASE("midi parser: an exclusive as long as it may be is whole, a longer one is passed over", "[midi][parser]") {
  const auto exclusive = [](std::size_t size) {
    Bytes bytes(size, 0x11);
    bytes.front() = 0xF0;
    bytes.back() = 0xF7;
    return bytes;
  };
  const Bytes next{0x90, 1, 2};
  for (const std::size_t size : {std::size_t{2}, MidiParser::kMaxMessageBytes - 1, MidiParser::kMaxMessageBytes}) {
    Bytes bytes = exclusive(size);
    append(bytes, next);
    CHECK(heard(bytes) == Messages{exclusive(size), next});
  }
  for (const std::size_t size : {MidiParser::kMaxMessageBytes + 1, MidiParser::kMaxMessageBytes + 2,
                                 2 * MidiParser::kMaxMessageBytes, std::size_t{1'000'000}}) {
    CAPTURE(size);
    Bytes bytes = exclusive(size);
    append(bytes, next);
    append(bytes, exclusive(20));
    CHECK(heard(bytes) == Messages{next, exclusive(20)});
    // The endless one is cut by the status behind it, without F7.
    bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(size) - 1);
    CHECK(heard(bytes) == Messages{next, exclusive(20)});
  }
}

TEST_CASE("midi parser: data that no status belongs to is counted", "[midi][parser]") {
  MidiParser parser;
  CHECK(heard(parser, Bytes{1, 2, 3}).empty());
  CHECK(parser.stray_bytes() == 3);
  CHECK(heard(parser, Bytes{0x90, 1, 2, 3, 4}).size() == 2);
  CHECK(parser.stray_bytes() == 3);
  heard(parser, Bytes{0xF0, 1, 0xF7, 5, 6});
  CHECK(parser.stray_bytes() == 5);
  heard(parser, Bytes{0x90, 1});
  parser.reset();  // the cable was pulled: what comes then is not the rest of it
  CHECK(heard(parser, Bytes{2}).empty());
  CHECK(parser.stray_bytes() == 6);
}

TEST_CASE("midi parser: after reset nothing of before is left", "[midi][parser]") {
  const Bytes begun[] = {{0x90}, {0x90, 1}, {0xF0, 1, 2}, {0x90, 1, 2}, Bytes(2000, 0x11)};
  for (Bytes bytes : begun) {
    if (bytes[0] == 0x11) bytes[0] = 0xF0;
    MidiParser parser;
    heard(parser, bytes);
    parser.reset();
    CHECK(heard(parser, Bytes{3, 0xF7, 4, 0xF0, 5, 0xF7, 0x80, 6, 7}) == Messages{{0xF0, 5, 0xF7}, {0x80, 6, 7}});
  }
}

TEST_CASE("midi parser: what was written is heard, in order, whatever stands between", "[midi][parser]") {
  std::mt19937 random(1);
  for (int run = 0; run < 300; ++run) {
    const Stream stream = random_stream(random, 100);
    REQUIRE(heard(stream.bytes) == stream.messages);
  }
}

TEST_CASE("midi parser: a stream cut in two anywhere, or in bytes, gives the same messages", "[midi][parser]") {
  std::mt19937 random(2);
  for (int run = 0; run < 20; ++run) {
    const Stream stream = random_stream(random, 40);
    bool same = true;
    for (std::size_t cut = 0; cut <= stream.bytes.size(); ++cut) {
      MidiParser parser;
      Messages all = heard(parser, MidiBytes(stream.bytes).first(cut));
      for (Bytes& message : heard(parser, MidiBytes(stream.bytes).subspan(cut))) all.push_back(std::move(message));
      same = same && all == stream.messages;
    }
    CHECK(same);
    MidiParser parser;
    Messages all;
    for (const std::uint8_t byte : stream.bytes) {
      for (Bytes& message : heard(parser, Bytes{byte})) all.push_back(std::move(message));
    }
    CHECK(all == stream.messages);
  }
}

TEST_CASE("midi parser: of a million random bytes only well-formed messages come out", "[midi][parser]") {
  std::mt19937 random(3);
  MidiParser parser;
  std::size_t channel = 0, exclusive = 0, wrong = 0;
  Bytes chunk;
  for (int left = 1'000'000; left > 0;) {
    chunk.resize(static_cast<std::size_t>(std::min<int>(left, static_cast<int>(1 + random() % 300))));
    left -= static_cast<int>(chunk.size());
    for (std::uint8_t& byte : chunk) byte = static_cast<std::uint8_t>(random());
    // Exclusives are rare among even chances: half of the chunks have few status bytes but F0 and F7.
    if (random() % 2 == 0) {
      for (std::uint8_t& byte : chunk) {
        if (byte >= 0x80 && byte < 0xF0 && random() % 20 != 0) byte &= 0x7F;
        if (byte > 0xF0 && byte < 0xF7) byte = 0xF7;
      }
    }
    parser.feed(chunk, [&](MidiBytes message) {
      const auto is_data = [](std::uint8_t byte) { return byte < 0x80; };
      bool right = message.size() >= 2 && message[0] >= 0x80 && message[0] <= 0xF0;
      if (right && message[0] == 0xF0) {
        ++exclusive;
        right = message.back() == 0xF7 && message.size() <= MidiParser::kMaxMessageBytes &&
                std::all_of(message.begin() + 1, message.end() - 1, is_data);
      } else if (right) {
        ++channel;
        const int kind = message[0] >> 4;
        right = message.size() == (kind == 0xC || kind == 0xD ? 2u : 3u) &&
                std::all_of(message.begin() + 1, message.end(), is_data);
      }
      if (!right) ++wrong;
    });
  }
  CHECK(wrong == 0);
  CHECK(channel > 10'000);
  CHECK(exclusive > 500);
}
