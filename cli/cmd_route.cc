// cpcctl route ADDRESS [--probe]
//
// How a message to somebody goes: who they are to us, what DNS says, where we may connect, and with
// --probe whether the instance answers there and proves itself.
#include <algorithm>
#include <ostream>

#include "cli/command.h"
#include "cli/output.h"

namespace cpc::cli {
namespace {

using admin_protocol::Route;
using admin_protocol::RouteDns;

struct RouteArgs {
  std::string address;
  bool probe = false;
};

void add_directory(Sheet& sheet, const admin_protocol::DirectoryName& said) {
  std::string text = said.directory + " says " + said.status + ", iid " + said.iid;
  if (said.other_iid) text += ", and another one before: " + *said.other_iid;
  if (!said.current) text += "; it is past its date";
  const bool is_good = said.status == "active" && !said.other_iid && said.current;
  sheet.add("directory", text, is_good ? Paint::none : Paint::bad);
}

void add_dns(Sheet& sheet, const RouteDns& dns) {
  sheet.add("dns asked", joined(dns.resolvers) + " for SRV " + dns.srv + ", TXT " + dns.txt);
  if (!dns.error.empty()) {
    sheet.add("dns answer", dns.error, Paint::bad);
    return;
  }
  sheet.add("dns answer", joined(dns.endpoints) + "; TTL " +
                              duration_text(Milliseconds{dns.ttl_ms}) +
                              (dns.authenticated ? ", validated" : ", not validated") +
                              (dns.stale ? ", from before: the servers do not answer" : ""));
  sheet.add("dns iid", dns.iid.value_or("not told") + (dns.matches ? "" : ", which is another one"),
            dns.matches ? Paint::none : Paint::bad);
}

std::string delivery_text(const Route& route) {
  if (!route.deliverable) return "not possible";
  return route.findings.empty() ? "possible" : "possible, but see the finding";
}

void print(const Context& context, const Route& route) {
  Sheet sheet;
  sheet.add("to", route.name);
  const std::string trust = route.trust.empty() ? "none" : route.trust;
  sheet.add("trust", trust == "self" ? "this instance itself" : trust);
  sheet.add("iid", route.iid.empty() ? "not known yet" : route.iid);
  if (route.document) {
    const auto& document = *route.document;
    sheet.add("document", "delegation " + std::to_string(document.delegation_serial) +
                              ", operational " + std::to_string(document.operational_serial) +
                              ", expires " + full_text(document.expires_at, context.now, ""));
  } else if (route.trust != "self") {
    sheet.add("document", "none of this iid yet");
  }
  for (const auto& said : route.directories) add_directory(sheet, said);
  if (route.dns) add_dns(sheet, *route.dns);
  for (const auto& endpoint : route.endpoints) {
    sheet.add("endpoint",
              endpoint.endpoint + " from " + endpoint.source +
                  (endpoint.allowed ? ", allowed" : ", refused") +
                  (endpoint.reason.empty() ? "" : ": " + endpoint.reason),
              endpoint.allowed ? Paint::none : Paint::bad);
  }
  if (route.probe) {
    const auto& probe = *route.probe;
    sheet.add("probe",
              probe.ok ? "hello answered and proved in " + std::to_string(probe.hello_ms) + " ms"
                       : "failed: " + probe.error,
              probe.ok ? Paint::good : Paint::bad);
  }
  for (const auto& finding : route.findings) {
    sheet.add("finding", finding.what, Paint::bad);
    sheet.add("do", finding.todo);
  }
  sheet.add("delivery", delivery_text(route), route.deliverable ? Paint::good : Paint::bad);
  sheet.print(context.out, context.color);
}

/// A probe ends before we give up: a peer that hangs is no daemon that hangs.
admin_protocol::RouteRequest request_of(const Context& context, const RouteArgs& args) {
  admin_protocol::RouteRequest request{args.address, args.probe, std::nullopt};
  if (args.probe) request.patience_ms = Milliseconds{context.target.timeout}.count();
  return request;
}

int run_route(Context& context, const RouteArgs& args) {
  const auto route = call(*context.connect(context.target), request_of(context, args));
  if (route.has_error()) return report(context, route.error());
  if (context.json) {
    context.out << admin_protocol::encode(route.value()) << '\n';
  } else {
    print(context, route.value());
  }
  const bool is_probe_bad = route.value().probe && !route.value().probe->ok;
  if (!route.value().deliverable || is_probe_bad) return exit_peer_unreachable;
  return route.value().findings.empty() ? exit_done : exit_findings;
}

}  // namespace

void add_route(CLI::App& program, Context& context) {
  CLI::App* command = program.add_subcommand("route", "Show how a message to somebody goes");
  const auto args = std::make_shared<RouteArgs>();
  command->add_option("ADDRESS", args->address, "name@instance.cpc, or instance.cpc")->required();
  command->add_flag("--probe", args->probe, "Connect and greet the instance, too");
  on_call(*command, context, args, run_route);
}

}  // namespace cpc::cli
