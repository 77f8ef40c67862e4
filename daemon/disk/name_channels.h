// A folder of multitrack files gives the desk its channels' names, which of them are pairs, and their first levels.
#pragma once

#include "control/desk/desk.h"
#include "daemon/disk/channel_files.h"

namespace fohd {

/// [control] Gives each channel that has no name yet the name of its file (what a person or a state called it stays),
/// and links the pairs that stereo files feed, unless they are linked. Both as one change of Origin::Side::start.
void name_and_link_channels(Desk& desk, const ChannelFiles& files);

/// [control] For a desk that has no mix yet, where every fader is off: main at 0 dB and every channel that a file feeds
/// at -10 log10(number of files) dB, in whole dB. That is the sum of as many unlike signals at the level of one of
/// them, so that files of any number are audible and main does not clip more than one alone would. Returns that level.
float raise_faders(Desk& desk, const ChannelFiles& files);

/// [control] Whether the faders let anything of these files through to main: main up, and one of their channels.
bool faders_let_through(const Desk& desk, const ChannelFiles& files);

}  // namespace fohd
