// The parameter table of one desk: every row of every strip, with its address, dense id and place in DeskSettings.
// Built once at start from the rows in control/parameters/*_rows.cpp and the geometry.
#pragma once

#include <optional>
#include <vector>

#include "control/parameters/address_tree.h"
#include "control/parameters/owner_rows.h"
#include "control/parameters/parameter.h"
#include "control/parameters/settings.h"

namespace fohd {

struct Parameter {
  const ParameterRow* row = nullptr;
  OwnerKind owner_kind = OwnerKind::global;
  int row_number = 0;       ///< place of `row` among the rows of its kind of owner
  std::string address;      ///< "/ch/3/eq/2/freq"
  int owner = 0;            ///< which of its kind, from 0
  int index = 0;            ///< which second index, from 0
  float def = 0;            ///< the default of this index
  ParameterId partner = 0;  ///< the same parameter on the other half of the pair; itself where there is none
  /// A send's twin: the same parameter towards the other half of the pair that it goes to; itself elsewhere. Equal
  /// while that pair is linked, as `partner` is while the strips are.
  ParameterId send_partner = 0;
};

class ParameterTable {
 public:
  explicit ParameterTable(const Geometry& geometry);
  ParameterTable(const ParameterTable&) = delete;  // the index points into the addresses
  ParameterTable& operator=(const ParameterTable&) = delete;

  std::size_t size() const noexcept { return parameters_.size(); }
  const Parameter& operator[](ParameterId id) const { return parameters_[id]; }
  /// Exact address, e.g. "/ch/3/fader". Constant time.
  std::optional<ParameterId> find(std::string_view address) const;
  /// All ids whose address matches an OSC 1.0 pattern, segment by segment, in table order. Walks a tree, so
  /// "/ch/*/fader" does not visit every parameter.
  std::vector<ParameterId> match(std::string_view pattern) const;

  struct Range {
    ParameterId first = 0, end = 0;
  };
  /// The ids of the whole strip that owns `id`; they follow each other.
  Range strip(ParameterId id) const;

  Field field(DeskSettings& settings, ParameterId id) const;
  Value read(const DeskSettings& settings, ParameterId id) const;
  Value default_value(ParameterId id) const;
  /// value must come from coerce().
  void write(DeskSettings& settings, ParameterId id, const Value& value) const;

  /// Makes `value` fit the row: clamps numbers, turns enumeration names to indices, ints to floats and whole floats to
  /// ints, T/F to 0/1, -inf on a level to off, cuts text to 32 bytes at a character's edge. Otherwise returns
  /// nothing and says in `error` what is allowed, in words for a person.
  std::optional<Value> coerce(ParameterId id, const Value& value, std::string& error) const;

  /// Text of a value in its unit, e.g. "-6.0 dB", "2500 Hz", "bell", "on".
  std::string format(ParameterId id, const Value& value) const;

  const Geometry& geometry() const noexcept { return geometry_; }

 private:
  Geometry geometry_;
  std::vector<Parameter> parameters_;
  AddressTree tree_;
};

}  // namespace fohd
