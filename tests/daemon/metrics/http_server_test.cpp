// The metrics' HTTP port against well-behaved and hostile clients.
#include "daemon/metrics/http_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "daemon/net/addresses.h"

using namespace fohd;
namespace asio = boost::asio;

namespace {

int free_port() {
  asio::io_context io;
  asio::ip::tcp::acceptor probe(io, {asio::ip::address_v4::loopback(), 0});
  return probe.local_endpoint().port();
}

/// A server on a thread of its own.
class Rig {
 public:
  explicit Rig(HttpLimits limits = {}, int on_port = free_port())
      : port(on_port),
        work_(asio::make_work_guard(io_)),
        server_(std::make_unique<HttpServer>(
            io_, port, [this] { return ++bodies, "fohd_up 1\n" + std::string(padding, '#') + "\n"; },
            [this](const std::string& error) { ++(error.empty() ? bound : refused); }, limits)),
        thread_([this] { io_.run(); }) {}
  ~Rig() {
    io_.stop();
    thread_.join();
    server_.reset();
  }
  std::atomic<int> bodies{0}, bound{0}, refused{0};
  std::atomic<std::size_t> padding{0};
  int port;

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(int port, const char* address = "127.0.0.1") : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address, &to.sin_addr);
    const timeval patience{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  bool send(const std::string& text) { return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) >= 0; }
  /// All until the server ends it; "..." behind what came if it does not within 10 s.
  std::string read() {
    std::string text;
    char part[4096];
    for (;;) {
      const ssize_t count = ::recv(fd_, part, sizeof part, 0);
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return text + "...";
      if (count <= 0) return text;
      text.append(part, static_cast<std::size_t>(count));
    }
  }
  bool connected = false;

 private:
  int fd_;
};

std::string ask(int port, const std::string& request) {
  Client client(port);
  client.send(request);
  return client.read();
}

std::string get(int port, const std::string& target = "/metrics") {
  return ask(port, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

bool is_served(int port) { return get(port).find("fohd_up 1") != std::string::npos; }

}  // namespace

TEST_CASE("http: GET /metrics and nothing else", "[daemon][http]") {
  const Rig rig;
  const std::string good = get(rig.port);
  CHECK(good.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(good.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(good.ends_with("\r\n\r\nfohd_up 1\n\n"));
  CHECK(get(rig.port, "/metrics?a=b").starts_with("HTTP/1.1 200 "));
  CHECK(rig.bodies == 2);
  CHECK(get(rig.port, "/").starts_with("HTTP/1.1 404 "));
  CHECK(get(rig.port, "/metrics/..").starts_with("HTTP/1.1 404 "));
  CHECK(get(rig.port, "/Metrics").starts_with("HTTP/1.1 404 "));
  for (const std::string method : {"POST", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"}) {
    CAPTURE(method);
    const std::string said =
        ask(rig.port, method + " /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    CHECK(said.starts_with("HTTP/1.1 405 "));
    CHECK(said.find("\r\nAllow: GET\r\n") != std::string::npos);
  }
  CHECK(rig.bodies == 2);
  CHECK(rig.bound == 1);
}

TEST_CASE("http: only this machine's own names are served, and no page elsewhere may read an answer",
          "[daemon][http]") {
  const Rig rig;
  const auto under = [&](const std::string& headers, const char* version = "1.1") {
    return ask(rig.port, std::string("GET /metrics HTTP/") + version + "\r\n" + headers + "\r\n");
  };
  const std::string port = ":" + std::to_string(rig.port);
  int served = 0;
  for (const std::string name : {"127.0.0.1", "localhost", "LocalHost", "[::1]"}) {
    for (const std::string& tail : {std::string(), port, std::string(":80"), std::string(":65535")}) {
      CAPTURE(name, tail);
      const std::string said = under("Host: " + name + tail + "\r\nOrigin: http://localhost\r\n");
      CHECK(said.starts_with("HTTP/1.1 200 "));
      CHECK(said.find("Access-Control") == std::string::npos);
      ++served;
    }
  }
  CHECK(rig.bodies == served);
  for (const std::string name : {"evil.example",
                                 "localhost.evil.example",
                                 "127.0.0.1.evil.example",
                                 "evil.example:9464",
                                 "127.0.0.2",
                                 "0.0.0.0",
                                 "192.168.1.20",
                                 "[::2]",
                                 "::1",
                                 "[::1",
                                 "localhost.",
                                 "localhost:",
                                 "localhost:x",
                                 "localhost:123456",
                                 "localhost:80.evil.example",
                                 "localhost:80@evil.example",
                                 "evil@localhost",
                                 "a,localhost",
                                 "localhost localhost",
                                 "127.1",
                                 "2130706433",
                                 "",
                                 "metrics"}) {
    CAPTURE(name);
    for (const char* version : {"1.1", "1.0"}) {
      const std::string said = under("Host: " + name + "\r\n", version);
      CHECK(said.starts_with("HTTP/1.1 421 "));
      CHECK(said.find("fohd_up") == std::string::npos);
      CHECK(said.find("127.0.0.1, localhost") != std::string::npos);
      CHECK(said.find("Access-Control") == std::string::npos);
    }
  }
  // Also where there is nothing, and for other methods: who is not meant learns nothing.
  CHECK(ask(rig.port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  CHECK(ask(rig.port, "OPTIONS /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  CHECK(ask(rig.port, "GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").find("fohd_up") ==
        std::string::npos);
  CHECK(under("").starts_with("HTTP/1.1 400 "));
  CHECK(under("Host: localhost\r\nHost: localhost\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(under("Host: evil.example\r\nHost: localhost\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(rig.bodies == served);
  CHECK(under("", "1.0").starts_with("HTTP/1.1 200 "));  // older than Host, as no browser is
}

TEST_CASE("http: a long answer comes whole", "[daemon][http]") {
  Rig rig;
  rig.padding = 300'000;
  const std::string said = get(rig.port);
  CHECK(said.size() > 300'000);
  CHECK(said.ends_with("###\n"));
}

TEST_CASE("http: garbage and oversized requests cost a connection and nothing more", "[daemon][http]") {
  const Rig rig;
  const unsigned seed = 20261127;
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 400, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 3 == 0) bytes = "GET /metrics HTTP/1." + bytes;
    Client client(rig.port);
    client.send(bytes + "\r\n\r\n");
    CHECK(client.read().find("fohd_up") == std::string::npos);
  }
  for (const std::string& huge : {"GET /" + std::string(1'000'000, 'x') + " HTTP/1.1\r\n\r\n",
                                  "GET /metrics HTTP/1.1\r\nX: " + std::string(1'000'000, 'x') + "\r\n\r\n",
                                  std::string(1'000'000, 'A'), std::string(1'000'000, '\n')}) {
    CHECK(ask(rig.port, huge).find("fohd_up") == std::string::npos);
  }
  // A body that is announced, or sent, is not read; the head alone decides.
  CHECK(ask(rig.port, "POST /metrics HTTP/1.1\r\nContent-Length: 4000000000\r\n\r\n").find("fohd_up") ==
        std::string::npos);
  CHECK(rig.bodies == 0);
  CHECK(is_served(rig.port));
}

TEST_CASE("http: who says nothing is let go, and holds a place no longer than that", "[daemon][http]") {
  HttpLimits limits;
  limits.connections = 3;
  limits.timeout_ms = 300;
  const Rig rig(limits);
  const auto begin = std::chrono::steady_clock::now();
  Client one(rig.port), two(rig.port), three(rig.port);
  two.send("GET /metr");
  // All places are taken: the next is closed at once, or, if it was quicker than they, served.
  int served = 0;
  for (int i = 0; i < 3; ++i) served += is_served(rig.port) ? 1 : 0;
  CHECK(served <= 1);
  CHECK(one.read().empty());
  CHECK(two.read().empty());
  CHECK(three.read().empty());
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= std::chrono::milliseconds(250));
  CHECK(took < std::chrono::seconds(8));
  CHECK(is_served(rig.port));
}

TEST_CASE("http: it listens on this machine's loopback only", "[daemon][http]") {
  const Rig rig;
  CHECK(is_served(rig.port));
  for (const std::string& address : local_addresses()) {
    if (address == "127.0.0.1") continue;
    CAPTURE(address);
    CHECK_FALSE(Client(rig.port, address.c_str()).connected);
  }
}

TEST_CASE("http: a busy port is told once and taken when it is free", "[daemon][http]") {
  auto first = std::make_unique<Rig>();
  Rig second({}, first->port);
  CHECK(second.refused == 1);
  first.reset();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (second.bound == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(second.bound == 1);
  CHECK(second.refused == 1);
  CHECK(is_served(second.port));
}
