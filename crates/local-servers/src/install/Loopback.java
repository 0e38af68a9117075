import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Starts DynamoDB Local on 127.0.0.1 only: by default it listens on every interface, and no option changes that. */
public final class Loopback {
    public static void main(String[] arguments) throws Exception {
        var local = ServerRunner.createServerFromCommandLineArgs(arguments);
        for (var field : local.getClass().getDeclaredFields()) {
            if (field.getType() == Server.class) {
                field.setAccessible(true);
                for (Connector connector : ((Server) field.get(local)).getConnectors()) {
                    ((ServerConnector) connector).setHost("127.0.0.1");
                }
                local.start();
                local.join();
                return;
            }
        }
        throw new IllegalStateException("DynamoDB Local no longer keeps its server in a field");
    }
}
