#include "daemon/net/routes.h"

#include <catch2/catch.hpp>

#include "daemon/net/addresses.h"

using namespace fohd;

TEST_CASE("routes: this machine is reached through its loopback, and nothing through an interface that is not there",
          "[daemon][net]") {
  const Routes routes;
  const std::uint32_t loopback = interface_number("lo");
  CHECK(interface_name(loopback) == "lo");
  CHECK(interface_number("none0") == 0);
  for (const std::uint32_t here : {0x7F000001u, 0x7F010203u}) {
    CHECK(routes.lead_to(here, loopback));
    CHECK_FALSE(routes.lead_to(here, 0x7FFFFFFF));
  }
  // Set aside for documentation (RFC 5737): elsewhere, if anywhere.
  CHECK_FALSE(routes.lead_to(0xCB007105, loopback));
}
