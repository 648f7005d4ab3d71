// SPDX-License-Identifier: BSL-1.0
// `clarify run`: many calls, some at a time.

#include "call_line.hpp"
#include "commands.hpp"
#include "event_loop.hpp"
#include "line_reader.hpp"
#include "output.hpp"
#include "session.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <cstdio>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace clarify_cli {
namespace {

/// Writes lines to standard output, together those that come together, without a delay.
class LineWriter {
public:
    explicit LineWriter(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    void write(const std::string& line) {
        pending_ += line;
        if (pending_.size() >= largest_pending) return flush();
        if (std::exchange(due_, true)) return;
        boost::asio::post(executor_, [this] { flush(); });
    }
    void flush() {
        due_ = false;
        if (pending_.empty()) return;
        if (std::fwrite(pending_.data(), 1, pending_.size(), stdout) != pending_.size())
            good_ = false;
        if (std::fflush(stdout) != 0) good_ = false;
        pending_.clear();
    }
    /// Was everything written so far?
    bool good() const { return good_; }

private:
    static constexpr std::size_t largest_pending = std::size_t{64} << 10U;

    boost::asio::any_io_executor executor_;
    std::string pending_;
    bool due_ = false;
    bool good_ = true;
};

/** Keeps calls in flight as long as there are lines.

    A line goes from the input to the flights, unless it is to start later: then it waits in
   `scheduled_` for its time, and if there is no place at that time, in `overdue_`, ahead of the
   input.
*/
class Runner {
public:
    Runner(EventLoop& loop, Session& session, std::size_t concurrency, StartTime start)
        : loop_(loop),
          session_(session),
          concurrency_(concurrency),
          start_(start),
          input_(loop.get_executor(), STDIN_FILENO),
          output_(loop.get_executor()),
          schedule_timer_(loop.get_executor()) {}

    ExitCode run() {
        loop_.on_interrupt([this] { interrupt(); });
        fill();
        loop_.run();
        output_.flush();
        if (loop_.interrupted()) return ExitCode::interrupted;
        if (input_.error()) {
            std::fprintf(stderr, "clarify: standard input: %s\n", input_.error().message().c_str());
            return ExitCode::usage;
        }
        if (!output_.good()) {
            std::fputs("clarify: standard output cannot be written\n", stderr);
            return ExitCode::transport;
        }
        return exit_code_;
    }

private:
    struct Flight {
        Flight(boost::asio::any_io_executor executor, std::uint64_t line_number, double start)
            : cancel_timer(std::move(executor)), number(line_number), start_ms(start) {}

        boost::asio::cancellation_signal cancel;
        boost::asio::steady_timer cancel_timer;
        std::uint64_t number;
        double start_ms;
    };

    void fill();
    void accept(const LineReader::Line& line);
    void begin(const CallLine& line);
    void finish(const std::shared_ptr<Flight>& flight, const clarify::Result<JsonText>& outcome);
    void report(std::uint64_t number, const clarify::Result<JsonText>& outcome, double start_ms);
    void await_schedule();
    void interrupt();

    // So many lines that start later are read ahead of others that start at once.
    static constexpr std::size_t most_scheduled = 10'000;

    EventLoop& loop_;
    Session& session_;
    std::size_t concurrency_;
    StartTime start_;
    LineReader input_;
    LineWriter output_;
    boost::asio::steady_timer schedule_timer_;
    std::multimap<std::chrono::milliseconds, CallLine> scheduled_;
    std::deque<CallLine> overdue_;
    std::set<std::shared_ptr<Flight>> flights_;
    std::uint64_t first_failed_ = std::numeric_limits<std::uint64_t>::max();
    ExitCode exit_code_ = ExitCode::success;
};

// Starts what can be started now. Called whenever something has changed that it depends on.
void Runner::fill() {
    if (!output_.good()) return loop_.stop();
    while (!loop_.interrupted() && flights_.size() < concurrency_) {
        if (!overdue_.empty()) {
            const CallLine line = std::move(overdue_.front());
            overdue_.pop_front();
            begin(line);
        } else if (scheduled_.size() >= most_scheduled) {
            break;
        } else if (const std::optional<LineReader::Line> line = input_.next()) {
            accept(*line);
        } else if (!input_.ended()) {
            input_.read_more([this] { fill(); });
            break;
        } else {
            break;
        }
    }
    const bool no_input = input_.ended() || loop_.interrupted();
    if (no_input && flights_.empty() && overdue_.empty() && scheduled_.empty()) loop_.stop();
}

void Runner::accept(const LineReader::Line& line) {
    if (line.text.find_first_not_of(" \t\r") == std::string::npos && !line.cut) return;
    clarify::Result<CallLine> call = line.cut
        ? clarify::
              Error{clarify::Errc::bad_argument, clarify::Reason::length, "the line is too long"}
        : parse_call_line(line.text);
    if (!call) return report(line.number, call.error(), start_.elapsed_ms());
    call->number = line.number;
    if (start_.after(call->start_after) <= StartTime::Clock::now()) return begin(*call);
    const std::chrono::milliseconds when = call->start_after;
    const auto place = scheduled_.emplace(when, std::move(*call));
    if (place == scheduled_.begin()) await_schedule();
}

void Runner::await_schedule() {
    if (scheduled_.empty()) return;
    schedule_timer_.expires_at(start_.after(scheduled_.begin()->first));
    schedule_timer_.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        while (!scheduled_.empty() &&
               start_.after(scheduled_.begin()->first) <= StartTime::Clock::now()) {
            overdue_.push_back(std::move(scheduled_.begin()->second));
            scheduled_.erase(scheduled_.begin());
        }
        await_schedule();
        fill();
    });
}

void Runner::begin(const CallLine& line) {
    const auto flight =
        std::make_shared<Flight>(loop_.get_executor(), line.number, start_.elapsed_ms());
    flights_.insert(flight);
    session_.start(
        line.spec, flight->cancel.slot(), [this, flight](const clarify::Result<JsonText>& outcome) {
            finish(flight, outcome);
        });
    if (!line.cancel_after) return;
    if (line.cancel_after->count() == 0) {
        flight->cancel.emit(boost::asio::cancellation_type::terminal);
        return;
    }
    flight->cancel_timer.expires_after(*line.cancel_after);
    flight->cancel_timer.async_wait(
        [weak = std::weak_ptr<Flight>{flight}](boost::system::error_code ec) {
            const auto self = weak.lock();
            if (!ec && self) self->cancel.emit(boost::asio::cancellation_type::terminal);
        });
}

void Runner::finish(
    const std::shared_ptr<Flight>& flight, const clarify::Result<JsonText>& outcome) {
    report(flight->number, outcome, flight->start_ms);
    flight->cancel_timer.cancel();
    flights_.erase(flight);
    fill();
}

void Runner::report(
    std::uint64_t number, const clarify::Result<JsonText>& outcome, double start_ms) {
    if (!outcome && number < first_failed_) {
        first_failed_ = number;
        exit_code_ = exit_code(outcome.error().code());
    }
    output_.write(outcome_line(number, outcome, Span{start_ms, start_.elapsed_ms()}));
}

// Every line that was read has an outcome, also those whose time has not come.
void Runner::interrupt() {
    const clarify::Error cancelled{clarify::Errc::cancelled};
    const auto drop = [&](const CallLine& line) {
        report(line.number, cancelled, start_.elapsed_ms());
    };
    for (const auto& [when, line] : std::exchange(scheduled_, {}))
        drop(line);
    for (const CallLine& line : std::exchange(overdue_, {}))
        drop(line);
    schedule_timer_.cancel();
    for (const auto& flight : flights_) {
        flight->cancel.emit(boost::asio::cancellation_type::terminal);
    }
    fill();
}

}  // namespace

ExitCode run(const RunCommand& command, StartTime start) {
    EventLoop loop;
    clarify::Result<Session> session =
        Session::open(loop.get_executor(), command.common, command.concurrency);
    if (!session) {
        print_error(session.error(), false);
        return exit_code(session.error().code());
    }
    Runner runner{loop, *session, command.concurrency, start};
    return runner.run();
}

}  // namespace clarify_cli
