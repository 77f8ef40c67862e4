// What the desk has once.
#include "control/parameters/rows.h"

namespace fohd {
namespace {

using namespace rows;
using G = GlobalSettings;

constexpr auto kRows = in_stage(
    Stage::mix,
    std::array{
        Row<G>{
            of_class(
                Persistence::patch,
                toggle(
                    "config/mute_pre_sends", true, kNotOnX32,
                    "A channel's mute also cuts its pre-fader sends, so that a muted microphone is silent on stage.")),
            [](G& g, int) -> bool& { return g.mute_pre_sends; }},
        Row<G>{of_stage(Stage::key_listen,
                        of_class(Persistence::patch,
                                 choice("config/listen_bus", kBusNames.names, 0, kNotOnX32,
                                        "Which bus brings key listen to the engineer's ears, beside its own "
                                        "mix; one that this desk lacks is none."))),
               [](G& g, int) -> int& { return g.listen_bus; }},
        Row<G>{
            of_stage(Stage::shutter,
                     of_class(Persistence::output,
                              toggle("panic", false, kNotOnX32,
                                     "Shuts all outputs in 20 ms until it is released (500 ms); survives a restart."))),
            [](G& g, int) -> bool& { return g.panic; }},
    });
static_assert(well_formed(kRows));

}  // namespace

std::span<const Row<GlobalSettings>> global_rows() noexcept { return kRows; }

}  // namespace fohd
