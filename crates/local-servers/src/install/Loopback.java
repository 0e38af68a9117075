import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** DynamoDB Local on 127.0.0.1 only: by itself it listens on every interface and has no option against it. */
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
        throw new IllegalStateException("DynamoDB Local holds its server elsewhere now");
    }
}
