// YAML text to Node and back: the only file that knows yaml-cpp. Its parser is used through events, which contain
// places, the quotes of scalars, and duplicate keys; a YAML::Node has lost all three.
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "hgq/config/node.h"
#include "hgq/config/yaml_source.h"
#include "hgq/core/error.h"
#include "hgq/core/system_file.h"

namespace hgq {
namespace {

/// Thrown to leave yaml-cpp's parser once the error is noted.
struct Stop {};

/// Builds the tree from yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(const YamlSource& source, ErrorList& errors) : source_(source), errors_(errors) {}

  Node take_root() { return std::move(root_); }
  /// Where the innermost open flow list or map begins.
  std::optional<std::size_t> open_bracket() const {
    if (frames_.empty() || !frames_.back().flow) return std::nullopt;
    return frames_.back().start;
  }
  /// Where the innermost open list or map begins.
  std::optional<std::size_t> open_block() const {
    if (frames_.empty()) return std::nullopt;
    return frames_.back().start;
  }
  /// How far the text has been read for certain.
  std::size_t read_to() const { return read_to_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const std::size_t at = source_.offset(mark.line, mark.column);
    const bool marker = source_.text().substr(at, 3) == "---";
    errors_.add(source_.place(at), marker ? "a second YAML document begins here, expected one"
                                          : "text after the end of the configuration");
    throw Stop();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t at = source_.offset(mark.line, mark.column);
    const std::string_view rest = source_.text().substr(at);
    // For a missing value, yaml-cpp gives the place of the next token; that of the key or list is better.
    const auto stands = [&](std::string_view word) {
      return rest.starts_with(word) &&
             (rest.size() == word.size() ||
              std::string_view(" \t\r\n,]}:").find(rest[word.size()]) != std::string_view::npos);
    };
    const bool written = stands("~") || stands("null") || stands("Null") || stands("NULL");
    check_anchor(mark, anchor);
    Node node = written ? Node::scalar("null") : Node();
    node.set_place(source_.place(at));
    if (!written && !frames_.empty()) {
      const Frame& frame = frames_.back();
      node.set_place(frame.key_seen && !frame.key_place.empty() ? frame.key_place : source_.place(frame.start));
    }
    finish(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    errors_.add(place(mark), "an alias (*name), which is not supported: write the value out");
    Node node;
    node.set_place(place(mark));
    finish(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    Node node = Node::scalar(without_controls(value, mark), tag == "!");
    read_to_ = source_.offset(mark.line, mark.column);
    node.set_place(source_.place(read_to_));
    // yaml-cpp 0.7 lets the end of the file close a quote.
    const std::string_view text = source_.text();
    const bool in_quotes = node.quoted() && read_to_ < text.size() && (text[read_to_] == '"' || text[read_to_] == '\'');
    if (in_quotes && end_of_quote(text, read_to_) == std::string_view::npos) {
      errors_.add(node.place(), "this quote is never closed");
      throw Stop();
    }
    finish(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, style, Node::list({}));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, style, Node::map({}));
  }
  void OnMapEnd() override { close(); }

 private:
  std::string place(const YAML::Mark& mark) const { return source_.place(source_.offset(mark.line, mark.column)); }

  struct Frame {
    Node node;
    std::size_t start = 0;
    bool flow = false;
    bool key_seen = false;           // of a map: a value comes next
    std::optional<std::string> key;  // none if the key was not text
    bool key_quoted = false;
    std::string key_place;
    std::map<std::string, std::string> places;  // of the keys so far
  };

  void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    errors_.add(place(mark), "an anchor (&name), which is not supported: write the value out where it is used");
  }
  /// Escapes in double quotes can give characters that no text file contains.
  std::string without_controls(std::string text, const YAML::Mark& mark) {
    const auto is_control = [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == '\x7F';
    };
    const auto found = std::find_if(text.begin(), text.end(), is_control);
    if (found == text.end()) return text;
    errors_.add(place(mark), concat("the text '", printable(text), "' holds the control character ",
                                    static_cast<int>(*found), "; leave the escape out"));
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return text;
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    errors_.add(place(mark), concat("a tag (", printable(tag), "), which is not supported: leave it out"));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style,
            Node node) {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    Frame frame;
    frame.start = source_.offset(mark.line, mark.column);
    read_to_ = frame.start;
    if (frames_.size() >= static_cast<std::size_t>(Node::kMaxDepth)) {
      errors_.add(source_.place(frame.start), concat("lists and maps nested deeper than ", Node::kMaxDepth, " levels"));
      throw Stop();
    }
    frame.flow = style == YAML::EmitterStyle::Flow;
    frame.node = std::move(node);
    frame.node.set_place(source_.place(frame.start));
    frames_.push_back(std::move(frame));
  }
  void close() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    finish(std::move(node));
  }

  void finish(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.is_list()) {
      frame.node.items().push_back(std::move(node));
    } else if (!frame.key_seen) {
      take_key(frame, node);
    } else {
      take_value(frame, std::move(node));
    }
  }
  void take_key(Frame& frame, const Node& node) {
    frame.key_seen = true;
    frame.key.reset();
    frame.key_place = node.place();
    if (node.is_scalar()) {
      frame.key = node.text();
      frame.key_quoted = node.quoted();
    } else {
      errors_.add(node.place(), concat("a key must be text, found ", describe(node)));
    }
  }
  void take_value(Frame& frame, Node node) {
    frame.key_seen = false;
    if (!frame.key) return;
    if (*frame.key == "<<" && !frame.key_quoted) {
      errors_.add(frame.key_place, "the merge key '<<', which is not supported: write the keys out");
      return;
    }
    const auto [first, is_new] = frame.places.emplace(*frame.key, frame.key_place);
    if (!is_new) {
      errors_.add(frame.key_place, concat("duplicate key '", printable(*frame.key), "', first at ", first->second));
      return;
    }
    node.set_key_place(frame.key_place);
    frame.node.entries().emplace_back(std::move(*frame.key), std::move(node));
  }

  const YamlSource& source_;
  ErrorList& errors_;
  std::vector<Frame> frames_;
  Node root_;
  int documents_ = 0;
  std::size_t read_to_ = 0;
};

/// Says what yaml-cpp found in the words of someone who writes a configuration.
void add_syntax_error(const YamlSource& source, const Builder& builder, const YAML::Exception& e, ErrorList& errors) {
  const std::string& what = e.msg;
  std::size_t at = source.offset(e.mark.line, e.mark.column);
  std::string message = concat("not valid YAML: ", what);
  if (what == YAML::ErrorMsg::EOF_IN_SCALAR || what == YAML::ErrorMsg::DOC_IN_SCALAR) {
    message = "this quote is never closed";
    at = open_quote(source.text(), builder.read_to()).value_or(at);
  } else if (what == YAML::ErrorMsg::END_OF_MAP_FLOW || what == YAML::ErrorMsg::END_OF_SEQ_FLOW) {
    const std::string bracket = what == YAML::ErrorMsg::END_OF_MAP_FLOW ? "'{' is not closed, expected ',' or '}'"
                                                                        : "'[' is not closed, expected ',' or ']'";
    const std::size_t start = builder.open_bracket().value_or(at);
    const std::size_t line = source.line_of(at);
    message = concat("this ", bracket, line > source.line_of(start) ? concat(" before line ", line + 1) : "");
    at = start;
  } else if (what == YAML::ErrorMsg::END_OF_MAP) {
    message = "expected 'key: value' or the end of the map";
    if (const auto start = builder.open_block()) message += concat(" that began at line ", source.line_of(*start) + 1);
    message += "; is the indentation right, a colon missing, or a quote or bracket left open above?";
  } else if (what == YAML::ErrorMsg::END_OF_SEQ) {
    message = "expected '- item' or the end of the list";
    if (const auto start = builder.open_block()) message += concat(" that began at line ", source.line_of(*start) + 1);
    message += "; is the indentation right?";
  } else if (what == YAML::ErrorMsg::MAP_VALUE) {
    message = "a ':' that cannot be here; is the indentation right? Text that contains ': ' must be in quotes";
  } else if (what == YAML::ErrorMsg::BLOCK_ENTRY) {
    message = "a '-' that cannot be here; is the indentation right? Text that begins with '- ' must be in quotes";
  } else if (what == YAML::ErrorMsg::FLOW_END) {
    message = "this closing bracket closes nothing; is another one missing before it?";
  } else if (what == YAML::ErrorMsg::UNKNOWN_TOKEN) {
    message = "this character cannot begin a value: put text that begins with it in quotes";
  } else if (what == YAML::ErrorMsg::INVALID_HEX || what.starts_with(YAML::ErrorMsg::INVALID_UNICODE) ||
             what.starts_with(YAML::ErrorMsg::INVALID_ESCAPE)) {
    message = "an escape that YAML does not know; a backslash is plain text in single quotes";
    at = std::min(source.text().rfind('\\', at), at);
  } else if (what == YAML::ErrorMsg::UNKNOWN_ANCHOR) {
    message = "an alias (*name), which is not supported: write the value out";
  }
  errors.add(source.place(at), message);
}

/// Short lists and maps are written in one line, as people write them.
bool fits_on_a_line(const Node& node, std::size_t& budget) {
  const auto take = [&budget](std::size_t size) {
    if (size > budget) return false;
    budget -= size;
    return true;
  };
  if (node.is_scalar() || node.is_null())
    return node.text().find('\n') == std::string::npos && take(node.text().size() + 2);
  for (const Node& item : node.items()) {
    if (!fits_on_a_line(item, budget)) return false;
  }
  for (const auto& [key, value] : node.entries()) {
    if (!take(key.size() + 2) || !fits_on_a_line(value, budget)) return false;
  }
  return take(2);
}

void emit_text(YAML::Emitter& out, const std::string& text, bool quoted) {
  const bool marker =
      text.starts_with("---") || text.starts_with("...");  // of a document, which the emitter does not quote
  if (quoted || marker) out << YAML::DoubleQuoted;
  out << text;
}

void emit(YAML::Emitter& out, const Node& node, int depth, bool flow, bool in_list) {
  if (node.is_null()) {
    out << YAML::Null;
    return;
  }
  if (node.is_scalar()) {
    emit_text(out, node.text(), node.quoted());
    return;
  }
  // `- HDense: {units: 64}` rather than `- {HDense: {units: 64}}`.
  const bool named_item = in_list && node.entries().size() == 1;
  if (depth > 0 && !flow && !named_item) {
    std::size_t budget = 80;
    flow = fits_on_a_line(node, budget);
  }
  if (flow) out << YAML::Flow;
  if (node.is_list()) {
    out << YAML::BeginSeq;
    for (const Node& item : node.items()) emit(out, item, depth + 1, flow, true);
    out << YAML::EndSeq;
    return;
  }
  out << YAML::BeginMap;
  for (const auto& [key, value] : node.entries()) {
    out << YAML::Key;
    const Node plain = Node::scalar(key);
    emit_text(out, key, plain.is_null() || key == "<<");
    out << YAML::Value;
    emit(out, value, depth + 1, flow, false);
  }
  out << YAML::EndMap;
}

}  // namespace

Node Node::from_yaml(std::string_view text, const std::string& file_name, ErrorList& errors) {
  if (text.size() > kMaxBytes) {
    errors.add(file_name, concat("is larger than ", kMaxBytes >> 20U, " MiB, too large for a configuration"));
    return {};
  }
  const YamlSource source(text, file_name);
  if (!check_text(source, errors) || !check_tabs(source, errors)) return {};
  std::istringstream stream{std::string(source.text())};
  Builder builder(source, errors);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return builder.take_root();
  } catch (const YAML::DeepRecursion& e) {
    errors.add(source.place(source.offset(e.mark.line, e.mark.column)),
               concat("lists and maps nested deeper than ", kMaxDepth, " levels"));
    return {};
  } catch (const YAML::Exception& e) {
    add_syntax_error(source, builder, e, errors);
    return {};
  }
  return builder.take_root();
}

Node Node::from_yaml_file(const std::string& path, ErrorList& errors) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    errors.add(path, "is a folder, expected a file");
    return {};
  }
  std::string text;
  try {
    text = read_file(path, kMaxBytes + 1);  // one byte more than allowed shows that a file is too large
  } catch (const FileError& e) {
    errors.add(path, std::string(e.what()).substr(path.size() + 2));  // after "PATH: "
    return {};
  }
  return from_yaml(text, path, errors);
}

std::string Node::to_yaml() const {
  YAML::Emitter out;
  emit(out, *this, 0, false, false);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace hgq
