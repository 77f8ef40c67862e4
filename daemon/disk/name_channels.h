// A folder of multitrack files tells the desk what its channels are called and which are pairs.
#pragma once

#include "control/desk/desk.h"
#include "daemon/disk/channel_files.h"

namespace fohd {

/// [control] Gives each channel that has no name yet the name of its file (what a person or a state called it stays),
/// and links the pairs that stereo files feed, unless they are linked. Both as one change of Origin::Side::start.
void name_and_link_channels(Desk& desk, const ChannelFiles& files);

}  // namespace fohd
