#include "daemon/metrics/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace fohd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t kBufferBytes = 8192;
constexpr auto kRetry = std::chrono::seconds(1);

/// "127.0.0.1", "localhost", "[::1]", with or without a port: a tunnel may have another one than ours.
bool names_this_machine(std::string_view host) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::size_t kMostDigits = 5;
  for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"}) {
    const std::string_view head = host.substr(0, name.size());
    if (!beast::iequals({head.data(), head.size()}, {name.data(), name.size()})) continue;
    const std::string_view rest = host.substr(head.size());
    if (rest.empty()) return true;
    const std::string_view port = rest.substr(1);
    if (rest.front() == ':' && !port.empty() && port.size() <= kMostDigits &&
        port.find_first_not_of(kDigits) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// Which machine the request is meant for. Whoever owns a name can have it lead here, and a page under that name would
/// read the answer in this machine's browser (DNS rebinding), were it not for this. "" if it is ours.
std::string wrong_host(const Request& request, http::status& status) {
  const auto hosts = request.equal_range(http::field::host);
  const auto count = std::distance(hosts.first, hosts.second);
  status = http::status::bad_request;
  if (count > 1) return "One Host is enough.\n";
  if (count == 0) return request.version() >= 11 ? "HTTP/1.1 wants a Host.\n" : "";
  status = http::status::misdirected_request;
  const beast::string_view host = hosts.first->value();
  if (names_this_machine({host.data(), host.size()})) return "";
  return "This port answers to 127.0.0.1, localhost and [::1] only.\n";
}

/// Without a CORS header: no page elsewhere is to read it.
Response answer(const Request& request, const std::function<std::string()>& body) {
  Response response{http::status::ok, 11};
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.keep_alive(false);
  const beast::string_view target = request.target().substr(0, request.target().find('?'));
  http::status status = http::status::ok;
  if (std::string why = wrong_host(request, status); !why.empty()) {
    response.result(status);
    response.body() = std::move(why);
  } else if (target != "/metrics") {
    response.result(http::status::not_found);
    response.body() = "There is only /metrics here.\n";
  } else if (request.method() != http::verb::get) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET");
    response.body() = "/metrics can be read only.\n";
  } else {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = body();
  }
  response.prepare_payload();
  return response;
}

}  // namespace

class HttpServer::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, int port, std::function<std::string()> body,
           std::function<void(const std::string&)> state, const HttpLimits& limits)
      : acceptor_(io),
        retry_(io),
        port_(static_cast<unsigned short>(port)),
        body_(std::move(body)),
        state_(std::move(state)),
        limits_(limits) {}

  void open() {
    const std::string error = bind();
    if (error != told_) state_(error);
    told_ = error;
    if (error.empty()) return accept();
    retry_.expires_after(kRetry);
    retry_.async_wait([self = shared_from_this()](const boost::system::error_code& failure) {
      if (!failure && !self->closed_) self->open();
    });
  }

  void close();

 private:
  class Connection;

  std::string bind() {
    boost::system::error_code error;
    const tcp::endpoint here(asio::ip::address_v4::loopback(), port_);
    acceptor_.open(here.protocol(), error);
    // A port of which old connections are just ending is free; one that a process listens on is not.
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(here, error);
    if (!error) acceptor_.listen(limits_.connections, error);
    if (!error) return "";
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    return "TCP port " + std::to_string(port_) + " of 127.0.0.1: " + error.message();
  }

  void accept();

  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  unsigned short port_;
  std::function<std::string()> body_;
  std::function<void(const std::string&)> state_;
  HttpLimits limits_;
  std::string told_ = "-";
  std::set<Connection*> connections_;
  bool closed_ = false;
};

/// One request, one answer, and the end.
class HttpServer::Listener::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Listener> listener, tcp::socket socket)
      : listener_(std::move(listener)), stream_(std::move(socket)) {
    listener_->connections_.insert(this);
    parser_.header_limit(static_cast<std::uint32_t>(listener_->limits_.header_bytes));
    parser_.body_limit(std::uint64_t{0});  // no body is accepted: 405, or the connection ends
  }
  ~Connection() { listener_->connections_.erase(this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    stream_.expires_after(std::chrono::milliseconds(listener_->limits_.timeout_ms));
    // Only the head: what a POST sends behind it is not read.
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](const beast::error_code& error, std::size_t) {
                              if (!error) self->reply();
                            });
  }
  void close() { stream_.close(); }

 private:
  void reply() {
    if (listener_->closed_) return;
    response_ = answer(parser_.get(), listener_->body_);
    http::async_write(stream_, response_, [self = shared_from_this()](const beast::error_code&, std::size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  std::shared_ptr<Listener> listener_;
  beast::tcp_stream stream_;
  beast::flat_static_buffer<kBufferBytes> buffer_;
  http::request_parser<http::empty_body> parser_;
  Response response_;
};

void HttpServer::Listener::accept() {
  acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
    if (self->closed_ || error == asio::error::operation_aborted) return;
    if (error) {  // no descriptor left: not at once again, or this loop would do nothing else
      self->retry_.expires_after(kRetry);
      self->retry_.async_wait([self](const boost::system::error_code& failure) {
        if (!failure && !self->closed_) self->accept();
      });
      return;
    }
    self->accept();  // first: memory may run out below
    if (self->connections_.size() < static_cast<std::size_t>(self->limits_.connections)) {
      std::make_shared<Connection>(self, std::move(socket))->start();
    }
  });
}

void HttpServer::Listener::close() {
  closed_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  for (Connection* connection : connections_) connection->close();
}

HttpServer::HttpServer(boost::asio::io_context& io, int port, std::function<std::string()> body,
                       std::function<void(const std::string&)> state, const HttpLimits& limits)
    : listener_(std::make_shared<Listener>(io, port, std::move(body), std::move(state), limits)) {
  listener_->open();
}

HttpServer::~HttpServer() { listener_->close(); }

}  // namespace fohd
